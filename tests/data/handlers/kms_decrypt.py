import base64
import os

import boto3

kms = boto3.client("kms")
DATABASE = kms.decrypt(CiphertextBlob=base64.b64decode(os.environ["DATABASE"]))["Plaintext"].decode()


def handler(event, context):
    return kms.generate_data_key(KeyId=os.environ["KEY"], KeySpec="AES_256")["CiphertextBlob"]
