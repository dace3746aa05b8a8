import { readFileSync } from 'node:fs';

/** Adds the tests of vitest's JSON reports to the counts given first, says which are skipped, and prints the sum. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const [passedChecks = '0', failedChecks = '0', ...files] = process.argv.slice(2);
const reports = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
const sum = (pick: (report: Report) => number) => reports.reduce((total, report) => total + pick(report), 0);
const skipped = reports
  .flatMap(({ testResults }) => testResults.flatMap(({ assertionResults }) => assertionResults))
  .filter(({ status }) => status !== 'passed' && status !== 'failed');

for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
const passed = Number(passedChecks) + sum(({ numPassedTests }) => numPassedTests);
const failed = Number(failedChecks) + sum(({ numFailedTests }) => numFailedTests);
console.log(`\n${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
