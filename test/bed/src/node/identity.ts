import type { JoinMaterial } from '../control-plane/join-material.ts';
import { type GuestFile, writeFilesScript } from './guest-files.ts';

export interface Identity {
  readonly join: JoinMaterial;
  readonly gateway: string;
  readonly uuid: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * A shell script that turns the generic machine into this node and starts kubelet. All of it survives a power cut: a later boot
 * needs nothing from outside.
 */
export function becomeNodeScript(identity: Identity): string {
  const { join, nowMs } = identity;
  return [
    'set -eu',
    // A restored machine still has the time of its saving.
    `date -u -s @${(nowMs / 1000).toFixed(3)} >/dev/null`,
    writeFilesScript([
      ...identityFiles(identity),
      ...Object.entries(join.files).map(([path, file]) => ({ path, ...file })),
    ]),
    `hostname ${join.nodeName}`,
    // The journal lies in a directory that is named by the machine's id.
    'systemctl restart systemd-journald.service',
    'sync',
    'systemctl start --no-block bed-network.service kubelet.service',
  ].join('\n');
}

function identityFiles({ join, gateway, uuid }: Identity): GuestFile[] {
  return [
    { path: '/etc/hostname', content: `${join.nodeName}\n`, mode: 0o644 },
    { path: '/etc/machine-id', content: `${uuid.replaceAll('-', '')}\n`, mode: 0o444 },
    { path: '/etc/cni/net.d/10-bed.conflist', content: cniConfiguration(join.podCidr), mode: 0o644 },
    {
      path: '/etc/bed/node.env',
      content: `NODE_NAME=${join.nodeName}\nNODE_ADDRESS=${join.address}\nNODE_GATEWAY=${gateway}\n`,
      mode: 0o644,
    },
  ];
}

/** Pods get addresses of the node's own range on a bridge; the bed's network routes each range to its node, so nothing is masqueraded. */
export function cniConfiguration(podCidr: string): string {
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'bed',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: false,
        ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
    ],
  });
}
