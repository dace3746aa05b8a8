import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs/light.js';

/** int64 as text, enums as names, and what is absent on the wire as its default. */
const CONVERSION: protobuf.IConversionOptions = { longs: String, enums: String, defaults: true, oneofs: true };

/**
 * Services by their full names from a description that `npm run protos` has made: reading the .proto files at every
 * start would take longer than all else.
 */
export const readServices = <N extends string>(
  interfaces: object,
  names: Readonly<Record<N, string>>,
): Readonly<Record<N, ServiceDefinition>> => {
  const root = protobuf.Root.fromJSON(interfaces);
  root.resolveAll();
  const services = Object.entries<string>(names).map(([key, name]) => [key, toDefinition(root.lookupService(name))]);
  return Object.fromEntries(services) as Record<N, ServiceDefinition>;
};

const toDefinition = (service: protobuf.Service): ServiceDefinition =>
  Object.fromEntries(service.methodsArray.map((method) => [method.name, toMethod(service, method)]));

const toMethod = (service: protobuf.Service, method: protobuf.Method): MethodDefinition<object, object> => {
  const request = codecOf(method.resolvedRequestType);
  const response = codecOf(method.resolvedResponseType);
  return {
    path: `/${service.fullName.slice(1)}/${method.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: request.write,
    requestDeserialize: request.read,
    responseSerialize: response.write,
    responseDeserialize: response.read,
    originalName: `${method.name.slice(0, 1).toLowerCase()}${method.name.slice(1)}`,
  };
};

const codecOf = (type: protobuf.Type | null) => {
  if (type === null) throw new TypeError('the description names a message that it does not have');
  return {
    write: (message: object): Buffer => Buffer.from(type.encode(type.fromObject(message)).finish()),
    read: (bytes: Buffer): object => type.toObject(type.decode(bytes), CONVERSION),
  };
};
