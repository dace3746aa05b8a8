import type { Plan } from '../action.ts';

/** What the plan tells people. */
export const message = (plan: Plan): string =>
  plan.actions.map((action) => (action.kind === 'event' ? action.message : '')).join('');
