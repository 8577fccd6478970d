"""What event handlers are told: one value for all handlers."""

from typing import NamedTuple

from steersman.client.cache import CachedObject
from steersman.client.informer.resource_event_handler import Deleted, Done, ResourceEventHandler


class AddNotification(NamedTuple):
    """An object is there."""

    obj: CachedObject
    is_in_initial_list: bool

    def tell(self, handler: ResourceEventHandler) -> Done:
        return handler.on_add(self.obj, self.is_in_initial_list)


class UpdateNotification(NamedTuple):
    """An object changed."""

    old: CachedObject
    obj: CachedObject

    @property
    def is_in_initial_list(self) -> bool:
        return False

    def tell(self, handler: ResourceEventHandler) -> Done:
        return handler.on_update(self.old, self.obj)


class DeleteNotification(NamedTuple):
    """An object is gone."""

    obj: Deleted

    @property
    def is_in_initial_list(self) -> bool:
        return False

    def tell(self, handler: ResourceEventHandler) -> Done:
        return handler.on_delete(self.obj)


Notification = AddNotification | UpdateNotification | DeleteNotification
