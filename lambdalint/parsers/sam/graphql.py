"""AWS::Serverless::GraphQLApi: the AppSync API, its data sources with their roles, functions and resolvers."""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Path

from .connectors import connect
from .context import Expansion, Owner, attribute, tag_list
from .policies import trust
from .shapes import RESOURCES, check, shapes

_CONFIGS = {
    "AWS_LAMBDA": ("LambdaAuthorizer", "LambdaAuthorizerConfig"),
    "OPENID_CONNECT": ("OpenIDConnect", "OpenIDConnectConfig"),
    "AMAZON_COGNITO_USER_POOLS": ("UserPool", "UserPoolConfig"),
}
_TYPES = ("AWS_IAM", "API_KEY", *_CONFIGS)
_PASSED = ("Visibility", "OwnerContact", "IntrospectionConfig", "QueryDepthLimit", "ResolverCountLimit")
_PIPELINE_RUNTIME = {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
_PIPELINE_CODE = """
export function request(ctx) {
    return {};
}

export function response(ctx) {
    return ctx.prev.result;
}
"""


def expand(expansion: Expansion, owner: Owner) -> None:
    """One GraphQL API with all that SAM makes of it."""
    written = owner.properties
    known = {name: written[name] for name in shapes(RESOURCES["GraphQLApi"]) if name in written}  # SAM drops others
    if check(expansion, RESOURCES["GraphQLApi"], known, owner.at(), resource=owner.id):
        _GraphQL(expansion, owner).expand()


class _GraphQL:
    def __init__(self, expansion: Expansion, owner: Owner) -> None:
        self.expansion = expansion
        self.owner = owner
        self.api_id = attribute(owner.id, "ApiId")
        self.sources: dict[str, Any] = {}
        self.functions: dict[str, Any] = {}
        self.has_none = False

    def emit(self, logical_id: str, kind: str, properties: dict[str, Any], at: Path, depends: Any = None) -> None:
        owner = self.owner
        type_ = kind if "::" in kind else f"AWS::AppSync::{kind}"
        depends = owner.depends_on if depends is None else depends
        self.expansion.emit(owner.id, logical_id, type_, properties, owner.attributes, at, depends_on=depends)

    def missing(self, at: Path, name: str) -> None:
        self.expansion.fault("missing-property", at, property=name, resource=self.owner.id)

    def expand(self) -> None:
        owner, written = self.owner, self.owner.properties
        auth, functions = self._auth(written["Auth"])
        properties: dict[str, Any] = {
            "Name": written.get("Name") or owner.id,
            "XrayEnabled": written.get("XrayEnabled"),
            "Tags": tag_list({**(written.get("Tags") or {}), "graphqlapi:createdBy": "SAM"}),
            **{name: written.get(name) or None for name in _PASSED},
            **auth,
        }
        logging = written.get("Logging")
        if logging is not False:
            properties["LogConfig"] = self._log_config(logging if isinstance(logging, dict) else {})
        self.emit(owner.id, "GraphQLApi", properties, owner.path)
        self._schema()
        for number, function in enumerate(functions, 1):
            source = {"Type": "AWS::AppSync::GraphQLApi", "Arn": {"Ref": owner.id}, "ResourceId": self.api_id}
            target = {"Type": "AWS::Lambda::Function", "Arn": function}
            name = f"{owner.id}ToLambdaAuthConnector{number}"
            plain = _bare(owner)
            connect(self.expansion, plain, name, source, target, ["Write"], written=owner.at("Auth"))
        self._keys_cache_domain()
        sources = written.get("DataSources") or {}
        for name, source in (sources.get("DynamoDb") or {}).items():
            self._table_source(name, source)
        for name, source in (sources.get("Lambda") or {}).items():
            self._lambda_source(name, source)
        for name, function in (written.get("Functions") or {}).items():
            self._function(name, function)
        for type_name, resolvers in (written.get("Resolvers") or {}).items():
            for name, resolver in resolvers.items():
                self._resolver(type_name, name, resolver)

    # --- authentication, logging, schema

    def _auth(self, auth: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        at = self.owner.at("Auth")
        functions: list[Any] = []
        properties = self._authorizer({k: v for k, v in auth.items() if k != "Additional"}, at, None, functions)
        additional = []
        for index, other in enumerate(auth.get("Additional") or []):
            additional.append(self._authorizer(other, (*at, "Additional", index), index, functions))
        if additional:
            properties["AdditionalAuthenticationProviders"] = additional
        return properties, functions

    def _authorizer(self, auth: dict[str, Any], at: Path, index: int | None, functions: list[Any]) -> dict[str, Any]:
        kind = auth.get("Type")
        if kind not in _TYPES:
            self.expansion.fault("malformed", at, property="Type", value=kind, expected=list(_TYPES))
        if len([value for value in auth.values() if value is not None]) > 2:
            self.expansion.fault("exclusive-properties", at, properties=sorted(set(auth) - {"Type"}))
        properties: dict[str, Any] = {"AuthenticationType": kind}
        if isinstance(kind, str) and kind in _CONFIGS:
            mine, theirs = _CONFIGS[kind]
            config = auth.get(mine)
            if not isinstance(config, dict):
                self.missing(at, mine)
                return properties
            config = {name: value for name, value in config.items() if value is not None}
            if index is not None:
                config.pop("DefaultAction", None)
            properties[theirs] = config
            if kind == "AWS_LAMBDA":
                functions.append(config.get("AuthorizerUri"))
        return properties

    def _log_config(self, logging: dict[str, Any]) -> dict[str, Any]:
        config: dict[str, Any] = {"FieldLogLevel": logging.get("FieldLogLevel") or "ALL"}
        if logging.get("ExcludeVerboseContent"):
            config["ExcludeVerboseContent"] = logging["ExcludeVerboseContent"]
        role = logging.get("CloudWatchLogsRoleArn")
        if not role:
            role_id = self.owner.id + "CloudWatchRole"
            policy = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs"
            properties = {
                "AssumeRolePolicyDocument": trust("appsync.amazonaws.com"),
                "ManagedPolicyArns": [{"Fn::Sub": policy}],
            }
            self.emit(role_id, "AWS::IAM::Role", properties, self.owner.path)
            role = attribute(role_id)
        config["CloudWatchLogsRoleArn"] = role
        return config

    def _schema(self) -> None:
        written = self.owner.properties
        inline, uri = written.get("SchemaInline"), written.get("SchemaUri")
        if bool(inline) == bool(uri):
            kind = "exclusive-properties" if inline else "missing-property"
            names = ["SchemaInline", "SchemaUri"]
            self.expansion.fault(kind, self.owner.path, property=names[0], properties=names, resource=self.owner.id)
        properties = {"ApiId": self.api_id, "Definition": inline, "DefinitionS3Location": uri}
        at = self.owner.at("SchemaInline" if inline else "SchemaUri")
        self.emit(self.owner.id + "Schema", "GraphQLSchema", properties, at)

    def _keys_cache_domain(self) -> None:
        owner, written = self.owner, self.owner.properties
        for name, key in (written.get("ApiKeys") or {}).items():
            properties = {
                "ApiId": self.api_id,
                "ApiKeyId": key.get("ApiKeyId"),
                "Description": key.get("Description"),
                "Expires": key.get("ExpiresOn"),
            }
            self.emit(owner.id + name, "ApiKey", properties, owner.at("ApiKeys", name))
        if written.get("Cache"):
            properties = {"ApiId": self.api_id, **written["Cache"]}
            self.emit(owner.id + "ApiCache", "ApiCache", properties, owner.at("Cache"))
        domain = written.get("DomainName")
        if domain:
            domain_id = owner.id + "DomainName"
            self.emit(domain_id, "DomainName", dict(domain), owner.at("DomainName"))
            link = {"ApiId": self.api_id, "DomainName": {"Ref": domain_id}}
            self.emit(domain_id + "ApiAssociation", "DomainNameApiAssociation", link, owner.at("DomainName"))

    # --- data sources

    def _source(self, name: str, source: dict[str, Any], logical_id: str, at: Path, own: dict[str, Any]) -> bool:
        """The data source; True where SAM makes a role for it."""
        role = source.get("ServiceRoleArn")
        properties = {
            "Name": source.get("Name") or name,
            "ApiId": self.api_id,
            "Description": source.get("Description"),
            "ServiceRoleArn": role or attribute(logical_id + "Role"),
            **own,
        }
        self.emit(logical_id, "DataSource", properties, at)
        self.sources[name] = attribute(logical_id, "Name")
        if not role:
            trusting = {"AssumeRolePolicyDocument": trust("appsync.amazonaws.com")}
            self.emit(logical_id + "Role", "AWS::IAM::Role", trusting, at)
        return not role

    def _connect(self, logical_id: str, name: str, target: dict[str, Any], permissions: Any, at: Path) -> None:
        source = {
            "Type": "AWS::AppSync::DataSource",
            "Arn": attribute(logical_id, "DataSourceArn"),
            "RoleName": {"Ref": logical_id + "Role"},
        }
        plain = _bare(self.owner)
        connect(self.expansion, plain, logical_id + name, source, target, permissions, written=at)

    def _table_source(self, name: str, source: dict[str, Any]) -> None:
        at = self.owner.at("DataSources", "DynamoDb", name)
        if source.get("TableName") is None:
            self.missing(at, "TableName")
        region = source.get("Region") or {"Ref": "AWS::Region"}
        config: dict[str, Any] = {"AwsRegion": region, "TableName": source.get("TableName")}
        for mine, theirs in (
            ("UseCallerCredentials", "UseCallerCredentials"),
            ("Versioned", "Versioned"),
            ("DeltaSync", "DeltaSyncConfig"),
        ):
            if source.get(mine):
                config[theirs] = source[mine]
        logical_id = f"{self.owner.id}{name}DynamoDBDataSource"
        if self._source(name, source, logical_id, at, {"Type": "AMAZON_DYNAMODB", "DynamoDBConfig": config}):
            arn = "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}"
            names = {"__TableName__": source.get("TableName"), "__Region__": region}
            target = {"Type": "AWS::DynamoDB::Table", "Arn": source.get("TableArn") or {"Fn::Sub": [arn, names]}}
            permissions = source.get("Permissions") or ["Read", "Write"]
            self._connect(logical_id, "ToTableConnector", target, permissions, at)

    def _lambda_source(self, name: str, source: dict[str, Any]) -> None:
        at = self.owner.at("DataSources", "Lambda", name)
        function = source.get("FunctionArn")
        if function is None:
            self.missing(at, "FunctionArn")
        logical_id = f"{self.owner.id}{name}LambdaDataSource"
        own = {"Type": "AWS_LAMBDA", "LambdaConfig": {"LambdaFunctionArn": function}}
        if self._source(name, source, logical_id, at, own) and function is not None:
            target = {"Type": "AWS::Lambda::Function", "Arn": function}
            self._connect(logical_id, "ToLambdaConnector", target, ["Write"], at)

    # --- functions and resolvers

    def _code(self, given: dict[str, Any], at: Path) -> dict[str, Any]:
        if given.get("InlineCode") and given.get("CodeUri"):
            self.expansion.fault("exclusive-properties", at, properties=["InlineCode", "CodeUri"])
        return {"Code": given.get("InlineCode"), "CodeS3Location": given.get("CodeUri")}

    def _runtime(self, given: dict[str, Any], at: Path) -> dict[str, Any] | None:
        runtime = given.get("Runtime")
        if not isinstance(runtime, dict) or not runtime:
            self.missing(at, "Runtime")
            return None
        return {"Name": runtime.get("Name"), "RuntimeVersion": runtime.get("Version")}

    def _function(self, name: str, function: dict[str, Any]) -> None:
        at = self.owner.at("Functions", name)
        if function.get("Id"):
            if len([value for value in function.values() if value is not None]) != 1:
                self.expansion.fault("exclusive-properties", at, properties=sorted(function))
            self.functions[name] = function["Id"]
            return
        code = self._code(function, at)
        if not any(code.values()):
            self.missing(at, "InlineCode")
        logical_id = self.owner.id + name
        sync = function.get("Sync")
        properties = {
            "ApiId": self.api_id,
            "Name": function.get("Name") or name,
            **code,
            "DataSourceName": self._source_name(function.get("DataSource"), at),
            "MaxBatchSize": function.get("MaxBatchSize"),
            "Description": function.get("Description"),
            "Runtime": self._runtime(function, at),
            "SyncConfig": {key: value for key, value in sync.items() if value is not None} if sync else None,
        }
        self.emit(logical_id, "FunctionConfiguration", properties, at)
        self.functions[name] = attribute(logical_id, "FunctionId")

    def _source_name(self, source: Any, at: Path) -> Any:
        if not source:
            self.missing(at, "DataSource")
        if not isinstance(source, str):
            return source
        if source.lower() == "none":
            logical_id = self.owner.id + "NoneDataSource"
            if not self.has_none:
                self.has_none = True
                self.emit(logical_id, "DataSource", {"ApiId": self.api_id, "Name": logical_id, "Type": "NONE"}, at)
            return attribute(logical_id, "Name")
        if source not in self.sources:
            self.expansion.fault("data-source", (*at, "DataSource"), value=source, known=sorted(self.sources))
        return self.sources.get(source, source)

    def _resolver(self, type_name: str, name: str, resolver: dict[str, Any]) -> None:
        at = self.owner.at("Resolvers", type_name, name)
        code = self._code(resolver, at)
        runtime: dict[str, Any] | None = _PIPELINE_RUNTIME
        if any(code.values()):
            runtime = self._runtime(resolver, at)
        else:
            code = {"Code": _PIPELINE_CODE}
        pipeline = resolver.get("Pipeline") or []
        if not pipeline:
            self.missing(at, "Pipeline")
        for index, function in enumerate(pipeline):
            if function not in self.functions:
                where = (*at, "Pipeline", index)
                self.expansion.fault("pipeline-function", where, value=function, known=sorted(self.functions))
        caching = resolver.get("Caching")
        properties = {
            "ApiId": self.api_id,
            "FieldName": resolver.get("FieldName") or name,
            "TypeName": type_name,
            "Kind": "PIPELINE",
            "PipelineConfig": {"Functions": [self.functions.get(function) for function in pipeline]},
            "Runtime": runtime,
            "CachingConfig": {k: v for k, v in caching.items() if v is not None} if caching else None,
            "MaxBatchSize": resolver.get("MaxBatchSize") or None,
            **code,
        }
        logical_id = self.owner.id + type_name + name
        self.emit(logical_id, "Resolver", properties, at, [self.owner.id + "Schema"])


def _bare(owner: Owner) -> Owner:
    """The owner without attributes: SAM carries none to the connectors of a GraphQL API."""
    return Owner(owner.id, {"Type": "AWS::Serverless::" + owner.type, "Properties": owner.properties}, owner.inherited)
