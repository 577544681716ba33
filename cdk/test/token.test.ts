import assert from 'node:assert/strict';
import { test } from 'node:test';
import { only, resources, templateWith } from './stacks';

test('AWS generates the token, and deleting the stack keeps it', () => {
  const secret = only(templateWith(), 'AWS::SecretsManager::Secret');
  assert.deepEqual(secret.Properties['GenerateSecretString'], {
    SecretStringTemplate: '{}',
    GenerateStringKey: 'default',
    PasswordLength: 64,
    ExcludePunctuation: true,
  });
  assert.equal(secret.Properties['SecretString'], undefined);
  assert.equal(secret.DeletionPolicy, 'Retain');
  assert.equal(secret.UpdateReplacePolicy, 'Retain');
});

test('the token is not in the template, and no reference puts it there', () => {
  const template = JSON.stringify(templateWith().toJSON());
  const secret = /resolve:(secretsmanager|ssm)|"SecretString"/.exec(template);
  assert.equal(secret?.[0], undefined);
});

test('only the authorizers have the ARN of the token secret', () => {
  const template = templateWith({ urlKeys: true });
  const [secret] = Object.keys(resources(template, 'AWS::SecretsManager::Secret'));
  const users = Object.entries(template.toJSON()['Resources'])
    .filter(([, resource]) => JSON.stringify(resource).includes(`"${secret}"`))
    .map(([id]) => id.replace(/[0-9A-F]{8}$/, ''));
  assert.deepEqual(users.sort(), [
    'EcrAdmissionAuthorizerFunction',
    'EcrAdmissionAuthorizerRole',
    'EcrAdmissionUrlKeysAuthorizerFunction',
    'EcrAdmissionUrlKeysAuthorizerRole',
  ]);
});
