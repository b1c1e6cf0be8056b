"""What is told of a zone of any zoning: pure data, one module per block, computed from the world of coverage."""
