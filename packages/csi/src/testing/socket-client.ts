import { Client, credentials, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';

export interface SocketClient {
  /** Rejects with the ServiceError that the server answered. */
  call<T>(service: ServiceDefinition, method: string, request: object): Promise<T>;
  close(): void;
}

/** Calls whoever serves the unix socket, as kubelet and sidecars do. */
export const createSocketClient = (path: string): SocketClient => {
  const client = new Client(`unix://${path}`, credentials.createInsecure());
  return {
    call: <T>(service: ServiceDefinition, method: string, request: object) => {
      const definition = service[method];
      if (definition === undefined) throw new Error(`no method ${method}`);
      const { requestSerialize, responseDeserialize } = definition;
      return new Promise<T>((resolve, reject) =>
        client.makeUnaryRequest(
          definition.path,
          requestSerialize,
          responseDeserialize,
          request,
          (error: ServiceError | null, response?: unknown) => (error ? reject(error) : resolve(response as T)),
        ),
      );
    },
    close: () => client.close(),
  };
};
