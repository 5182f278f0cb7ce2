"""Who is who, and what of it nobody else may see."""
