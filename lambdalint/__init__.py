"""lambdalint says, before a deployment, what AWS Lambda will refuse, throttle or break."""

__version__ = "0.1.0"
