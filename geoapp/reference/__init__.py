"""Which codes and territories exist."""
