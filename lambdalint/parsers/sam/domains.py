"""Custom domains of APIs, their base paths and their DNS records."""

from __future__ import annotations

import re
from typing import Any

from .context import Expansion, Owner, attribute, digest

_OPTIONAL = ("SecurityPolicy", "EndpointAccessMode", "OwnershipVerificationCertificateArn")


def _required(expansion: Expansion, owner: Owner, domain: dict[str, Any]) -> bool:
    missing = [name for name in ("DomainName", "CertificateArn") if domain.get(name) is None]
    for name in missing:
        expansion.fault("missing-property", owner.at("Domain"), property=name, needed_by="Domain")
    return not missing


def _domain(expansion: Expansion, owner: Owner) -> dict[str, Any] | None:
    domain = expansion.resolve(owner.properties["Domain"])
    if not isinstance(domain, dict):
        expansion.fault("malformed", owner.at("Domain"), property="Domain", expected=["map"])
        return None
    return domain if _required(expansion, owner, domain) else None


def _mutual_tls(expansion: Expansion, owner: Owner, domain: dict[str, Any]) -> Any:
    given = domain.get("MutualTlsAuthentication")
    if not given:
        return None
    names = ("TruststoreUri", "TruststoreVersion")
    at = owner.at("Domain", "MutualTlsAuthentication")
    if not isinstance(given, dict):
        expansion.fault("malformed", at, property="MutualTlsAuthentication", expected=["map"])
        return None
    for name in given:
        if name not in names:
            expansion.fault("unknown-property", (*at, name), property=name)
    return {name: given[name] for name in names if given.get(name)}


def _base_paths(expansion: Expansion, owner: Owner, domain: dict[str, Any]) -> list[str]:
    given = domain.get("BasePath")
    paths = given if isinstance(given, list) else [given] if isinstance(given, str) and given else []
    for index, path in enumerate(paths):
        if not isinstance(path, str) and not expansion.unsettled(path):
            at = owner.at("Domain", "BasePath", index)
            expansion.fault("malformed", at, property="BasePath", expected=["string"])
    return [path for path in paths if isinstance(path, str)]


def rest_domain(expansion: Expansion, owner: Owner) -> None:
    """The domain of a REST API; a private one is of API Gateway's second kind."""
    domain = _domain(expansion, owner)
    if domain is None:
        return
    endpoint = domain.get("EndpointConfiguration")
    private = endpoint == "PRIVATE"
    if endpoint is None:
        endpoint = "REGIONAL"
    elif endpoint not in ("EDGE", "REGIONAL", "PRIVATE") and not expansion.unsettled(endpoint):
        at = owner.at("Domain", "EndpointConfiguration")
        expansion.fault("endpoint-type", at, value=endpoint, allowed=["EDGE", "REGIONAL", "PRIVATE"])
    suffix = "V2" if private else ""
    domain_id = f"ApiGatewayDomainName{suffix}{digest(domain['DomainName'])}"
    config = {"Types": [endpoint]}
    if domain.get("IpAddressType"):
        config["IpAddressType"] = domain["IpAddressType"]
    certificate = "RegionalCertificateArn" if endpoint == "REGIONAL" else "CertificateArn"
    properties: dict[str, Any] = {
        "DomainName": domain["DomainName"],
        "EndpointConfiguration": config,
        certificate: domain["CertificateArn"],
        **{name: domain.get(name) or None for name in _OPTIONAL},
    }
    if private:
        properties["Policy"] = domain.get("Policy") or None
    else:
        properties["MutualTlsAuthentication"] = _mutual_tls(expansion, owner, domain)
        if domain.get("Policy"):
            expansion.fault("unknown-property", owner.at("Domain", "Policy"), property="Policy", resource=owner.id)
    written = owner.at("Domain")
    emit = expansion.emit
    emit(owner.id, domain_id, "AWS::ApiGateway::DomainName" + suffix, properties, owner.passed_on, written)
    expansion.refer(owner.id, "DomainName" + suffix, domain_id)
    normal = domain.get("NormalizeBasePath", True)
    paths: list[Any] = _base_paths(expansion, owner, domain) or [None]
    for path in paths:
        plain = "" if path is None else "".join(character for character in path if character.isalnum())
        mapping = {
            "DomainNameArn" if private else "DomainName": {"Ref": domain_id},
            "RestApiId": {"Ref": owner.id},
            "Stage": {"Ref": owner.id + ".Stage"},
            "BasePath": None if path is None else plain if normal else path,
        }
        mapping_id = f"{owner.id}{plain}BasePathMapping"
        type_ = "AWS::ApiGateway::BasePathMapping" + suffix
        emit(owner.id, mapping_id, type_, mapping, owner.passed_on, written)
    association = domain.get("AccessAssociation") if private else None
    if isinstance(association, dict):
        endpoint_id = association.get("VpcEndpointId")
        properties = {
            "DomainNameArn": {"Ref": domain_id},
            "AccessAssociationSourceType": "VPCE",
            "AccessAssociationSource": endpoint_id,
        }
        association_id = "DomainNameAccessAssociation" + digest([endpoint_id, domain_id])
        type_ = "AWS::ApiGateway::DomainNameAccessAssociation"
        emit(owner.id, association_id, type_, properties, owner.passed_on, written)
    _records(expansion, owner, domain, domain["DomainName"] if private else domain_id, endpoint)


def http_domain(expansion: Expansion, owner: Owner, tags: Any) -> None:
    """The domain of an HTTP or WebSocket API."""
    domain = _domain(expansion, owner)
    if domain is None:
        return
    endpoint = domain.get("EndpointConfiguration") or "REGIONAL"
    if endpoint != "REGIONAL" and not expansion.unsettled(endpoint):
        at = owner.at("Domain", "EndpointConfiguration")
        expansion.fault("endpoint-type", at, value=endpoint, allowed=["REGIONAL"])
    domain_id = "ApiGatewayDomainNameV2" + digest(domain["DomainName"])
    config = {"CertificateArn": domain["CertificateArn"], "EndpointType": endpoint}
    for name in ("OwnershipVerificationCertificateArn", "SecurityPolicy"):
        if domain.get(name):
            config[name] = domain[name]
    properties = {
        "DomainName": domain["DomainName"],
        "DomainNameConfigurations": [config],
        "MutualTlsAuthentication": _mutual_tls(expansion, owner, domain),
        "Tags": tags,
    }
    written = owner.at("Domain")
    emit = expansion.emit
    emit(owner.id, domain_id, "AWS::ApiGatewayV2::DomainName", properties, owner.passed_on, written)
    expansion.refer(owner.id, "DomainName", domain_id)
    paths: list[Any] = _base_paths(expansion, owner, domain) or [None]
    for path in paths:
        if path is not None and re.search(r"[^0-9a-zA-Z/\-_]+", path):
            expansion.fault("base-path", (*written, "BasePath"), value=path)
            continue
        plain = "" if path is None else re.sub(r"[\-_/]+", "", path)
        mapping = {
            "DomainName": {"Ref": domain_id},
            "ApiId": {"Ref": owner.id},
            "Stage": {"Ref": owner.id + ".Stage"},
            "ApiMappingKey": None if path is None else path.strip("/"),
        }
        mapping_id = f"{owner.id}{plain}ApiMapping"
        emit(owner.id, mapping_id, "AWS::ApiGatewayV2::ApiMapping", mapping, owner.passed_on, written)
    _records(expansion, owner, domain, domain_id, endpoint)


def _records(expansion: Expansion, owner: Owner, domain: dict[str, Any], domain_id: Any, endpoint: Any) -> None:
    """The records of a domain, in a group that all APIs of one hosted zone share unless it is asked otherwise."""
    route = domain.get("Route53")
    if route is None:
        return
    written = owner.at("Domain", "Route53")
    if not isinstance(route, dict):
        expansion.fault("malformed", written, property="Route53", expected=["map"])
        return
    zone = route.get("HostedZoneId") or route.get("HostedZoneName")
    if route.get("HostedZoneId") is None and route.get("HostedZoneName") is None:
        expansion.fault("missing-property", written, property="HostedZoneId", needed_by="Route53")
        return
    separate = route.get("SeparateRecordSetGroup")
    group_id = "RecordSetGroup" + digest([zone, domain["DomainName"]] if separate else zone)
    target: dict[str, Any] = {}
    if route.get("EvaluateTargetHealth") is not None:
        target["EvaluateTargetHealth"] = route["EvaluateTargetHealth"]
    if endpoint == "REGIONAL":
        target["HostedZoneId"] = attribute(domain_id, "RegionalHostedZoneId")
        target["DNSName"] = attribute(domain_id, "RegionalDomainName")
    elif endpoint == "EDGE":
        target["HostedZoneId"] = "Z2FDTNDATAQYW2"
        target["DNSName"] = route.get("DistributionDomainName") or attribute(domain_id, "DistributionDomainName")
    else:
        target["HostedZoneId"] = route.get("VpcEndpointHostedZoneId")
        target["DNSName"] = route.get("VpcEndpointDomainName")
    records = []
    for type_ in ("A", "AAAA") if route.get("IpV6") is True else ("A",):
        record = {"Name": domain["DomainName"], "Type": type_, "AliasTarget": target}
        for name in ("Region", "SetIdentifier"):
            if route.get(name) is not None:
                record[name] = route[name]
        records.append(record)
    existing = expansion.generated.get(group_id)
    if existing is not None:
        existing["Properties"]["RecordSets"] = [*existing["Properties"]["RecordSets"], *records]
        return
    properties = {
        "HostedZoneId": route.get("HostedZoneId"),
        "HostedZoneName": route.get("HostedZoneName"),
        "RecordSets": records,
    }
    expansion.emit(owner.id, group_id, "AWS::Route53::RecordSetGroup", properties, owner.passed_on, written)
