import * as z from 'zod';
import { environmentName, flagName } from './config.ts';

/** What a person may set, a paragraph each: flag, environment variable, meaning, default. */
export const describeSettings = (program: string, schema: z.ZodObject): string => {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const paragraphs = Object.entries(properties).map(([key, property]) => {
    const { description = '', default: preset, enum: choices } = property as z.core.JSONSchema.JSONSchema;
    const values = choices === undefined ? '' : ` One of ${choices.join(', ')}.`;
    const without = preset === undefined ? '' : ` Default: ${format(preset)}.`;
    return `  --${flagName(key)}, ${environmentName(key)}\n      ${description}${values}${without}`;
  });
  return [`usage: ${program} [--config FILE.yaml] [SETTING...]\n`, ...paragraphs].join('\n');
};

const format = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
