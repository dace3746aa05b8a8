import { readFileSync } from 'node:fs';

/** Adds the tests of vitest's JSON reports to the counts given first, says which are skipped or failed, and prints the sum. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Why the file as a whole failed, if it did. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const [passedChecks = '0', failedChecks = '0', ...files] = process.argv.slice(2);
const reports = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
const sum = (pick: (report: Report) => number) => reports.reduce((total, report) => total + pick(report), 0);
const testFiles = reports.flatMap(({ testResults }) => testResults);
const tests = testFiles.flatMap(({ assertionResults }) => assertionResults);
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
const firstLine = (text = '') => text.split('\n')[0] ?? '';

for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
for (const { name, message } of testFiles.filter((file) => file.status === 'failed' && file.message !== '')) {
  console.log(`failed: ${name}: ${firstLine(message)}`);
}
for (const { fullName, failureMessages } of tests.filter(({ status }) => status === 'failed')) {
  console.log(`failed: ${fullName}: ${firstLine(failureMessages[0])}`);
}
const passed = Number(passedChecks) + sum(({ numPassedTests }) => numPassedTests);
const failed = Number(failedChecks) + sum(({ numFailedTests }) => numFailedTests);
console.log(`\n${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
