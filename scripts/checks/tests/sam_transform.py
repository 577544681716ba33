"""Prints what AWS::Serverless-2016-10-31 makes of a packaged template: CloudFormation runs the same translator.

Run by the Python of the SAM CLI, which has it: sam_transform.py TEMPLATE.
"""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


class NoManagedPolicies:
    def load(self):
        return {}


with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout)
