"""The published JSON Schemas, one of each version, as validators by the name of a definition."""

import base64
import copy
import json
import re
from functools import lru_cache
from pathlib import Path

import jsonschema
from referencing import Registry, Resource

FOLDER = Path(__file__).parent / "published"
VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
MODERN = "2026-07-28"

# These are answered with nothing but an acknowledgement.
EMPTY = {"ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"}
# Their members are whatever their owner likes.
OPEN = {"_meta", "inputSchema", "outputSchema"}

formats = jsonschema.FormatChecker(())


@formats.checks("uri")
def is_uri(text):
    return not isinstance(text, str) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S*\Z", text) is not None


@formats.checks("byte")
def is_base64(text):
    if not isinstance(text, str):
        return True
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def load(version):
    schema = json.loads((FOLDER / f"{version}.json").read_text())
    # What the generator got wrong: schema.ts says `number`.
    number = definitions(schema).get("NumberSchema", {}).get("properties", {})
    for name in ("minimum", "maximum", "default"):
        if number.get(name, {}).get("type") == "integer":
            number[name]["type"] = "number"
    return schema


def definitions(schema):
    return schema["$defs" if "$defs" in schema else "definitions"]


def property_names(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        schema = schema.values()
    if not isinstance(schema, str) and hasattr(schema, "__iter__"):
        for part in schema:
            yield from property_names(part)


@lru_cache
def known_names():
    """Every member that any version has anywhere."""
    return sorted({name for version in VERSIONS for name in property_names(load(version))})


def close(schema):
    """Allows only members that the protocol knows, where the schema lists any: what we write is
    ours, and a misspelt member would pass as an unknown one."""
    if isinstance(schema, list):
        for part in schema:
            close(part)
    elif isinstance(schema, dict):
        members = schema.get("properties")
        if isinstance(members, dict):
            if "additionalProperties" not in schema:
                schema["propertyNames"] = {"enum": known_names()}
            for name, part in members.items():
                if name not in OPEN:
                    close(part)
        for name, part in schema.items():
            if name not in ("properties", "propertyNames"):
                close(part)


class Version:
    def __init__(self, name):
        self.name = name
        schema = load(name)
        self.names = definitions(schema)
        closed = copy.deepcopy(schema)
        for definition, part in definitions(closed).items():
            if not definition.endswith("MetaObject") and not definition.endswith("Error"):
                close(part)
        self._uri = f"urn:mcp:{name}"
        self._pointer = "$defs" if "$defs" in schema else "definitions"
        self._kind = jsonschema.validators.validator_for(schema)
        self._registry = Registry().with_resource(self._uri, Resource.from_contents(closed))
        self._validators = {}
        self.requests = {}  # by who sends them
        self.notifications = {}
        self.errors = {}  # by code
        for sender in ("Client", "Server"):
            self.requests[sender] = self._methods(f"{sender}Request")
            self.notifications[sender] = self._methods(f"{sender}Notification")
        for definition, part in self.names.items():
            for piece in part.get("properties", {}).get("error", {}).get("allOf", ()):
                code = piece.get("properties", {}).get("code", {}).get("const")
                if code is not None:
                    self.errors[code] = definition

    def _methods(self, union):
        part = self.names.get(union, {})
        if "method" in part.get("properties", {}):  # a union of one is that one
            return {part["properties"]["method"]["const"]: union}
        names = [one["$ref"].rsplit("/", 1)[1] for one in part.get("anyOf", ())]
        return {self.names[name]["properties"]["method"]["const"]: name for name in names}

    def result(self, sender, method):
        """The definition of the answer to a request; None where there is no such request."""
        if method not in self.requests[sender]:
            return None
        if method in EMPTY:
            return "EmptyResult"
        return self.requests[sender][method].removesuffix("Request") + "Result"

    def fault(self, value, definition):
        """What is wrong with a value, in words; None when nothing is."""
        validator = self._validators.get(definition)
        if validator is None:
            if definition not in self.names:
                return f"{self.name} has no {definition}"
            schema = {"$ref": f"{self._uri}#/{self._pointer}/{definition}"}
            validator = self._kind(schema, registry=self._registry, format_checker=formats)
            self._validators[definition] = validator
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        if error is None:
            return None
        message = error.message if len(error.message) < 300 else error.message[:300] + "…"
        if "propertyNames" in error.absolute_schema_path:
            message = f"the protocol has no member {error.instance!r}"
        return f"no {definition} of {self.name}: {error.json_path}: {message}"


@lru_cache
def version(name):
    return Version(name)
