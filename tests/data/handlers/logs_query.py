import time

import boto3

logs = boto3.client("logs")


def handler(event, context):
    query = logs.start_query(
        logGroupName=event["group"], startTime=0, endTime=int(time.time()), queryString="fields @message"
    )
    return logs.get_query_results(queryId=query["queryId"])
