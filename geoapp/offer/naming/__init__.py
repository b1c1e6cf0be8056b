"""How a training, a body and an address are said, beside the source text."""
