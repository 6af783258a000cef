import boto3

translate = boto3.client("translate")
comprehend = boto3.client("comprehend")


def handler(event, context):
    language = comprehend.detect_dominant_language(Text=event["text"])["Languages"][0]["LanguageCode"]
    return translate.translate_text(Text=event["text"], SourceLanguageCode=language, TargetLanguageCode="en")
