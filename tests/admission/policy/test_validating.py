import pytest
from tests.admission.policy.serving import config_map, config_maps, serving, validate

from steersman.apimachinery.errors import ApiError


async def test_a_validation_that_is_false_refuses_and_says_which() -> None:
    async with serving() as client:
        await validate(client, "object.data.size() < 2")
        await config_maps(client).create(config_map("small", a="1"))

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map("large", a="1", b="2"))

    message = "ValidatingAdmissionPolicy 'policy' with binding 'policy-binding' denied request: failed expression: "
    assert refusal.value.message == f'configmaps "large" is forbidden: {message}object.data.size() < 2'
    assert (refusal.value.code, refusal.value.reason) == (422, "Invalid")
    assert refusal.value.details == {
        "name": "large",
        "kind": "configmaps",
        "causes": [{"message": f"{message}object.data.size() < 2"}],
    }
