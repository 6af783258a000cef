"""A report as text, SARIF, JSON, GitHub workflow commands or Markdown: a reporter only formats."""
