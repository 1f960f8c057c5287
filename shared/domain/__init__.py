"""The rules of the business, pure: standard library only, no input or output."""
