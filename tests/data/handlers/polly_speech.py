import boto3

polly = boto3.client("polly")


def handler(event, context):
    return polly.synthesize_speech(Text=event["text"], OutputFormat="mp3", VoiceId="Joanna")["ContentType"]
