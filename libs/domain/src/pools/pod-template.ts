/** What the pods of a profile's workers have besides, on Kubernetes. Nothing of it can weaken what keeps a worker in its place. */
export interface PodTemplate {
  /** Labels that a node must have. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints of nodes that are borne. */
  readonly tolerations?: readonly PodToleration[];
  /** Runtime of the containers, such as gVisor. Default: the node's. */
  readonly runtimeClassName?: string;
  readonly priorityClassName?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Service account of the pods; its token is never mounted. Default: that of the namespace. */
  readonly serviceAccountName?: string;
  /** Mounted besides workspace, home and `/tmp`. */
  readonly volumes?: readonly PodVolume[];
}

/** A taint that is borne, as Kubernetes has it. */
export interface PodToleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** For how long, in seconds; with `NoExecute` only. */
  readonly tolerationSeconds?: number;
}

/** A volume, and where it is mounted. Neither secrets nor folders of the node can be. */
export interface PodVolume {
  readonly name: string;
  readonly mountPath: string;
  /** Default true. */
  readonly readOnly?: boolean;
  readonly from: { readonly configMap: string } | { readonly persistentVolumeClaim: string };
}
