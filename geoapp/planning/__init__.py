"""What should change: siting, what-if, need against offer (empty for now)."""
