"""Kinds defined by users: CustomResourceDefinitions are checked, named, established and served.

A definition is stored in its v1 form (:mod:`~steersman.apiextensions.conversion`), checked as kube-apiserver checks it
(:mod:`~steersman.apiextensions.validation`), gets its names (:mod:`~steersman.apiextensions.naming`) and is then served
(:mod:`~steersman.apiextensions.custom_resource`). What reacts to change is :mod:`~steersman.apiextensions.reaction`.
"""
