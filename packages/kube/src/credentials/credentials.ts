import type https from 'node:https';

/** Where the API server is and how to show it who we are. */
export interface Credentials {
  /** Base address without a trailing slash, such as https://10.96.0.1:443. */
  readonly server: string;
  /** Certificates and headers for the next request; asked for each time, because tokens are replaced while we run. */
  options(): Promise<https.RequestOptions>;
  /** To be called when the server refused what `options` gave (401): what was kept of it is read again. Absent where we keep nothing. */
  refused?(): void;
}
