import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { customResourceDefinitions } from './crd.ts';

const deployed = (plural: string): unknown =>
  parse(readFileSync(new URL(`../../../../deploy/base/crds/${plural}.yaml`, import.meta.url), 'utf8'));

describe('the custom resource definitions', () => {
  it.each(customResourceDefinitions().map((definition) => [definition.spec.names.plural, definition] as const))(
    'deploy/base/crds/%s.yaml says what the schema says (npm run crds)',
    (plural, definition) => {
      expect(deployed(plural)).toEqual(JSON.parse(JSON.stringify(definition)));
    },
  );

  it('are structural: no object both lists properties and allows others', () => {
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      expect('properties' in node && 'additionalProperties' in node).toBe(false);
      Object.values(node).forEach(visit);
    };
    visit(customResourceDefinitions());
  });
});
