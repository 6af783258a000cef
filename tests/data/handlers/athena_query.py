import boto3

athena = boto3.client("athena")


def handler(event, context):
    query = athena.start_query_execution(QueryString="select 1", WorkGroup="shop")["QueryExecutionId"]
    state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]
    return state == "SUCCEEDED" and athena.get_query_results(QueryExecutionId=query)
