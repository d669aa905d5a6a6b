"""What all bodies have in common."""

from typing import Any

from rest_framework import serializers


class KnownFields(serializers.Serializer[Any]):
    """Refuses a body with a field that cannot be set: a misspelt entry must not get lost."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked entries, as DRF has them, once every name is known."""
        if isinstance(data, dict):
            writable = {field.field_name for field in self._writable_fields}
            unknown = [name for name in data if name not in writable]
            if unknown:
                sentence = "This field is not known, or cannot be set."
                raise serializers.ValidationError({name: [sentence] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)
