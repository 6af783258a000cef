import boto3

transcribe = boto3.client("transcribe")


def handler(event, context):
    transcribe.start_transcription_job(
        TranscriptionJobName=context.aws_request_id, LanguageCode="en-US", Media={"MediaFileUri": event["uri"]}
    )
