"""The commands besides check: each module has ``run(arguments) -> str``, what the command prints."""
