import type { Bed } from '@berth/bed/bed';
import type { Node } from '@berth/bed/node/node';
import { rackOf } from '@berth/contract/topology';
import { list, type PodObject } from './api.ts';

/** Where a claim of a pod really lies, every value read from the thing itself. */
export interface VolumeFact {
  readonly pod: string;
  readonly node: string;
  readonly rack: string;
  readonly claim: string;
  readonly volumeGroup: string;
  readonly logicalVolume: string;
  /** Size in bytes that LVM reports. */
  readonly volumeBytes: number;
  /** Where the pod sees it. */
  readonly mountPoint: string;
  readonly fsType: string;
  /** Size in bytes of the mounted file system. */
  readonly fsBytes: number;
  readonly fsOptions: string;
}

/** Follows every claim of the selected pods to its mounted file system. Throws when a step on the way is missing. */
export const readVolumeFacts = async (bed: Bed, namespace: string, selector: string): Promise<VolumeFact[]> => {
  const pods = await list(bed, 'pods', '-n', namespace, '-l', selector);
  const claims = await list(bed, 'persistentvolumeclaims', '-n', namespace);
  const nodes = await list(bed, 'nodes');
  const facts = await Promise.all(
    pods.map(async (pod) => {
      const nodeName = pod.spec.nodeName ?? '';
      const node = nodeOf(bed, nodeName);
      const rack = rackOf(nodes.find(({ metadata }) => metadata.name === nodeName)?.metadata.labels) ?? '';
      const volumes = await logicalVolumes(node);
      return Promise.all(
        claimMounts(pod).map(async ({ claim, mountPoint }) => {
          const handle = claims.find(({ metadata }) => metadata.name === claim)?.spec.volumeName ?? '';
          const volume = volumes.find(({ lv_name }) => lv_name === handle);
          if (volume === undefined)
            throw new Error(`node ${nodeName} has no logical volume "${handle}" for claim ${claim}`);
          const mount = await mountOf(
            node,
            `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~csi/${handle}/mount`,
          );
          return {
            ...{ pod: pod.metadata.name, node: nodeName, rack, claim, mountPoint },
            ...{ volumeGroup: volume.vg_name, logicalVolume: volume.lv_name, volumeBytes: Number(volume.lv_size) },
            ...{ fsType: mount.fstype, fsBytes: mount.size, fsOptions: mount.options },
          };
        }),
      );
    }),
  );
  return facts.flat().sort((a, b) => (a.pod + a.claim < b.pod + b.claim ? -1 : 1));
};

interface LvRow {
  readonly vg_name: string;
  readonly lv_name: string;
  readonly lv_size: string;
}

/** All logical volumes in the volume groups of ours on a node, as LVM reports them. */
export const logicalVolumes = async (node: Node): Promise<readonly LvRow[]> => {
  const argv = ['lvs', '--reportformat', 'json', '--units', 'b', '--nosuffix', '-o', 'vg_name,lv_name,lv_size'];
  const report = JSON.parse(await output(node, argv)) as { report: [{ lv: LvRow[] }] };
  return report.report[0].lv.filter(({ vg_name }) => vg_name.startsWith('csi-vg-'));
};

/** The node of this name; throws when the bed has none. */
export const nodeOf = (bed: Bed, name: string): Node => {
  const node = bed.nodes.get(name);
  if (node === undefined) throw new Error(`the bed has no node "${name}"`);
  return node;
};

interface Mount {
  readonly fstype: string;
  readonly size: number;
  readonly options: string;
}

const mountOf = async (node: Node, target: string): Promise<Mount> => {
  const columns = 'TARGET,SOURCE,FSTYPE,SIZE,OPTIONS';
  const found = JSON.parse(await output(node, ['findmnt', '-J', '-b', '-o', columns, '--mountpoint', target])) as {
    filesystems: [Mount];
  };
  return found.filesystems[0];
};

const claimMounts = (pod: PodObject): { claim: string; mountPoint: string }[] =>
  (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim }) => {
    const mounts = pod.spec.containers.flatMap((container) => container.volumeMounts ?? []);
    const mountPoint = mounts.find((mount) => mount.name === name)?.mountPath;
    return persistentVolumeClaim && mountPoint ? [{ claim: persistentVolumeClaim.claimName, mountPoint }] : [];
  });

/** Standard output of a command in a node; throws when it ends with another code than 0. */
export const output = async (node: Node, argv: readonly string[]): Promise<string> => {
  const { stdout, stderr, exitCode } = await node.exec(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${node.name} ended with ${exitCode}: ${stderr.trim()}`);
  return stdout;
};
