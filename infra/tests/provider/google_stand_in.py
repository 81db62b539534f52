"""A stand-in for the provider hashicorp/google, so that Terraform can check infra/ without a download or an account.

Terraform starts a provider as a program and asks it for its schema; this one answers with ``schema.json`` and talks to
nobody. Values are accepted as they are (what is a good value, the ``validation`` blocks say); ``terraform test`` mocks
everything else (``mock_provider``). Needs PyPI's ``tf``; scripts/check_terraform.sh starts it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tf.provider
import tf.runner
from tf.gen import tfplugin_pb2 as wire

_FILE = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
_SCHEMA: dict[str, Any] = next(iter(_FILE["provider_schemas"].values()))
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
_FLAGS = ("required", "optional", "computed", "sensitive", "deprecated")


def _block(block: dict[str, Any]) -> Any:
    attributes = [
        wire.Schema.Attribute(
            name=name,
            type=json.dumps(attribute["type"]).encode(),
            **{flag: True for flag in _FLAGS if attribute.get(flag)},
        )
        for name, attribute in sorted(block.get("attributes", {}).items())
    ]
    blocks = [
        wire.Schema.NestedBlock(
            type_name=name,
            block=_block(nested["block"]),
            nesting=_NESTING[nested["nesting_mode"]],
            min_items=nested.get("min_items", 0),
            max_items=nested.get("max_items", 0),
        )
        for name, nested in sorted(block.get("block_types", {}).items())
    ]
    return wire.Schema.Block(attributes=attributes, block_types=blocks)


def _schema(schema: dict[str, Any]) -> Any:
    return wire.Schema(version=schema.get("version", 0), block=_block(schema["block"]))


class GoogleServicer(tf.provider.ProviderServicer):  # type: ignore[misc]
    """The calls that ``validate`` and a mocked ``test`` make; the names are the protocol's."""

    def GetMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        metadata = wire.GetMetadata
        return metadata.Response(
            server_capabilities=wire.ServerCapabilities(plan_destroy=False),
            resources=[metadata.ResourceMetadata(type_name=name) for name in _SCHEMA["resource_schemas"]],
            data_sources=[metadata.DataSourceMetadata(type_name=name) for name in _SCHEMA["data_source_schemas"]],
        )

    def GetProviderSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        return wire.GetProviderSchema.Response(
            provider=_schema(_SCHEMA["provider"]),
            resource_schemas={name: _schema(schema) for name, schema in _SCHEMA["resource_schemas"].items()},
            data_source_schemas={name: _schema(schema) for name, schema in _SCHEMA["data_source_schemas"].items()},
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return wire.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return wire.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return wire.ValidateDataResourceConfig.Response()


class _Google:
    def full_name(self) -> str:
        return "registry.terraform.io/hashicorp/google"


if __name__ == "__main__":
    tf.provider.ProviderServicer = GoogleServicer
    tf.runner.run_provider(_Google())
