import boto3

glue = boto3.client("glue")


def handler(event, context):
    glue.start_job_run(JobName="nightly")
    glue.start_crawler(Name="orders")
