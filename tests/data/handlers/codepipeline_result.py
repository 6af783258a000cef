import boto3

pipeline = boto3.client("codepipeline")


def handler(event, context):
    job = event["CodePipeline.job"]["id"]
    try:
        pipeline.put_job_success_result(jobId=job)
    except Exception as error:
        pipeline.put_job_failure_result(jobId=job, failureDetails={"type": "JobFailed", "message": str(error)})
