/** Additional settings of the pods of a profile's workers, on Kubernetes. None can weaken a worker's isolation. */
export interface PodTemplate {
  /** Labels that a node must have. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints of nodes that are tolerated. */
  readonly tolerations?: readonly PodToleration[];
  /** Runtime of the containers, such as gVisor. Default: the node's. */
  readonly runtimeClassName?: string;
  readonly priorityClassName?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Service account of the pods; its token is never mounted. Default: that of the namespace. */
  readonly serviceAccountName?: string;
  /** Mounted in addition to workspace, home and `/tmp`. */
  readonly volumes?: readonly PodVolume[];
}

/** A tolerated taint, as in Kubernetes. */
export interface PodToleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** For how long, in seconds; only with `NoExecute`. */
  readonly tolerationSeconds?: number;
}

/** A volume and its mount path. Secrets and folders of the node are not supported. */
export interface PodVolume {
  readonly name: string;
  readonly mountPath: string;
  /** Default true. */
  readonly readOnly?: boolean;
  readonly from: { readonly configMap: string } | { readonly persistentVolumeClaim: string };
}
