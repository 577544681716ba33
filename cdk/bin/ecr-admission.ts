#!/usr/bin/env -S npx tsx
import { App } from 'aws-cdk-lib';
import { EcrAdmissionStack } from '../lib/ecr-admission-stack';

const app = new App();
new EcrAdmissionStack(app, app.node.tryGetContext('stackName') ?? 'EcrAdmission');
