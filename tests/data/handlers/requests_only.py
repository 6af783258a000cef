import json
import urllib.request


def handler(event, context):
    with urllib.request.urlopen("https://example.org/rates.json", timeout=3) as answer:
        return json.load(answer)
