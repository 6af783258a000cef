"""A function's Python code joined with its resource: places in it, and what the resource says of its surroundings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lambdalint.finding import Place
from lambdalint.model.deployment import Deployment
from lambdalint.model.local import LayerUse
from lambdalint.model.packages import layers_of
from lambdalint.model.resource import Function
from lambdalint.model.source import Site, Source
from lambdalint.model.template import ALONE
from lambdalint.model.values import Value, is_open

_LIBRARIES = re.compile(
    r":layer:(?:AWSLambdaPowertools\w+|LambdaInsightsExtension\w*|AWS-Parameters-and-Secrets-Lambda-Extension\w*|"
    r"AWS-AppConfig-Extension\w*|AWSSDKPandas\w*|AWSDataWrangler\w*|AWSLambda-Python\w*|xray\w*)"
)
"""AWS's own layers: they hold no handler, and set no variables for one."""


def source_of(deployment: Deployment, function: Function) -> Source | None:
    """The Python code that a function's handler reaches; None where it is no Python or not here."""
    artifacts = deployment.template.artifacts
    found: Source | None = artifacts.source(deployment, function) if artifacts is not None else None
    return found


def site_place(source: Source, site: Site, deployment: Deployment, function: Function) -> Place:
    """A place in a function's code, with the function as its resource."""
    return of_function(source.place(site), deployment, function)


def of_function(place: Place, deployment: Deployment, function: Function) -> Place:
    """A place in a function's code with the property that names the code: the function is its resource."""
    if place.path:  # code in the template has its path
        return place
    code = deployment.template.artifacts.code(function)
    keys = code.keys if code is not None else ()
    return place._replace(path=function.at(*keys).path if keys else function.place.path)


def timeout_of(deployment: Deployment, function: Function) -> int | float | None:
    """How long the function may run, in seconds; None where that is not known."""
    return None if deployment.template.kind == ALONE else function.timeout


def variables_of(deployment: Deployment, function: Function) -> Mapping[str, Value] | None:
    """The function's environment variables; None where there may be more than are seen."""
    environment = function.get("Environment")
    if deployment.template.kind == ALONE or is_open(environment if environment is not None else function.properties):
        return None
    variables = environment.get("Variables") if isinstance(environment, dict) else None
    if variables is None:
        return {}
    return variables if isinstance(variables, dict) and not is_open(variables) else None


def is_library_layer(function: Function, use: LayerUse) -> bool:
    """Whether a layer is one of AWS's own, with libraries and extensions and no code of the function's makers."""
    listed = function.get("Layers")
    written = str(listed[use.position]) if isinstance(listed, list) and use.position < len(listed) else ""
    return _LIBRARIES.search(written) is not None


def has_unseen_layer(deployment: Deployment, function: Function) -> bool:
    """Whether there may be a layer with code of the function's makers that is not here."""
    layers = layers_of(deployment, function)
    return layers is None or any(use.package is None and not is_library_layer(function, use) for use in layers)
