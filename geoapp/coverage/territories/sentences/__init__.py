"""What a sheet says of a zone in sentences, by what they tell."""
