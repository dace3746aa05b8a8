import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AppError } from '@berth/contract/errors';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** The services that kubelet calls. */
export interface Services {
  readonly identity: ServiceDefinition;
  readonly node: ServiceDefinition;
  readonly registration: ServiceDefinition;
}

/** Reads the interface files; from `directory`, or from `proto/` beside the bundle or in the source tree. */
export const loadServices = (directory: string = findDirectory()): Services => {
  const definitions = loadDefinitions(directory);
  const service = (name: string): ServiceDefinition => definitions[name] as ServiceDefinition;
  return {
    identity: service('csi.v1.Identity'),
    node: service('csi.v1.Node'),
    registration: service('pluginregistration.Registration'),
  };
};

const loadDefinitions = (directory: string): PackageDefinition =>
  loadSync(['csi.proto', 'pluginregistration.proto'], {
    includeDirs: [directory],
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });

const findDirectory = (): string => {
  const places = ['./proto', '../../../../proto'].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = places.find((place) => existsSync(`${place}/csi.proto`));
  if (found === undefined) throw new AppError('NotFound', `csi.proto is in neither of ${places.join(', ')}`);
  return found;
};
