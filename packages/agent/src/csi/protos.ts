import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs/light.js';
import interfaces from './interfaces.json' with { type: 'json' };

/** The services that kubelet calls. */
export interface Services {
  readonly identity: ServiceDefinition;
  readonly node: ServiceDefinition;
  readonly registration: ServiceDefinition;
}

/** int64 as text, enums as names, and what is absent on the wire as its default. */
const CONVERSION: protobuf.IConversionOptions = { longs: String, enums: String, defaults: true, oneofs: true };

/** The services from `interfaces.json`: reading the .proto files at every start would take longer than all else. */
export const loadServices = (): Services => {
  const root = protobuf.Root.fromJSON(interfaces as object);
  root.resolveAll();
  return {
    identity: toDefinition(root.lookupService('csi.v1.Identity')),
    node: toDefinition(root.lookupService('csi.v1.Node')),
    registration: toDefinition(root.lookupService('pluginregistration.Registration')),
  };
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
  if (type === null) throw new TypeError('interfaces.json names a message that it does not have');
  return {
    write: (message: object): Buffer => Buffer.from(type.encode(type.fromObject(message)).finish()),
    read: (bytes: Buffer): object => type.toObject(type.decode(bytes), CONVERSION),
  };
};
