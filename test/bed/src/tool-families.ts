/** The Go programs that a bed needs, and those that tests bring into it. */
export type ToolName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kubectl'
  | 'containerd'
  | 'containerd-shim-runc-v2'
  | 'ctr'
  | 'bridge'
  | 'loopback'
  | 'host-local'
  | 'csi-sanity';

/** Programs that are built from one Go module of test/bed/go, because their requirements agree with each other. */
export interface ToolFamily {
  /** Folder in test/bed/go. */
  readonly module: string;
  /** The requirement in go.mod whose version is the version of the programs. */
  readonly versionedBy: string;
  /** Whether ready-made programs of that version will do; the ones for the nodes must be statically linked. */
  readonly acceptInstalled: boolean;
  readonly programs: Readonly<Partial<Record<ToolName, string>>>;
  linkerFlags(version: string): string;
}

const stripped = () => '-s -w';

/** What every bed needs, in the order in which it is built. */
export const toolFamilies: readonly ToolFamily[] = [
  {
    module: 'etcd',
    versionedBy: 'go.etcd.io/etcd/server/v3',
    acceptInstalled: true,
    programs: { etcd: 'go.etcd.io/etcd/server/v3' },
    linkerFlags: stripped,
  },
  {
    module: 'cni',
    versionedBy: 'github.com/containernetworking/plugins',
    acceptInstalled: false,
    programs: {
      bridge: 'github.com/containernetworking/plugins/plugins/main/bridge',
      loopback: 'github.com/containernetworking/plugins/plugins/main/loopback',
      'host-local': 'github.com/containernetworking/plugins/plugins/ipam/host-local',
    },
    linkerFlags: stripped,
  },
  {
    module: 'containerd',
    versionedBy: 'github.com/containerd/containerd/v2',
    acceptInstalled: false,
    programs: {
      containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
      'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
      ctr: 'github.com/containerd/containerd/v2/cmd/ctr',
    },
    linkerFlags: stripped,
  },
  {
    module: 'kubernetes',
    versionedBy: 'k8s.io/kubernetes',
    acceptInstalled: true,
    programs: {
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
      kubelet: 'k8s.io/kubernetes/cmd/kubelet',
    },
    // Without these the programs call themselves v0.0.0-master, and clients refuse or warn by version.
    linkerFlags(version) {
      const [major = '', minor = ''] = version.slice(1).split('.');
      const variable = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
      return ['-s -w', variable('gitVersion', version), variable('gitMajor', major), variable('gitMinor', minor)].join(
        ' ',
      );
    },
  },
];

/** The conformance suite of the CSI specification; only the test that runs it needs it. */
export const conformanceFamily: ToolFamily = {
  module: 'csi-test',
  versionedBy: 'github.com/kubernetes-csi/csi-test/v5',
  acceptInstalled: false,
  programs: { 'csi-sanity': 'github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity' },
  linkerFlags: stripped,
};

/** The version a go.mod requires of a module, such as v1.36.3. Throws when it requires none. */
export function moduleVersion(goMod: string, module: string): string {
  for (const line of goMod.split('\n')) {
    const [path, version] = line
      .replace(/^\s*require\s/, '')
      .trim()
      .split(/\s+/);
    if (path === module && version !== undefined && /^v\d/.test(version)) return version;
  }
  throw new Error(`go.mod requires no version of ${module}`);
}

/** Whether what a program printed names exactly this version; etcd leaves the v away. */
export function saysVersion(output: string, version: string): boolean {
  const plain = version.replace(/^v/, '').replaceAll('.', '\\.');
  return new RegExp(`(^|[^0-9.])${plain}($|[^0-9.])`).test(output);
}
