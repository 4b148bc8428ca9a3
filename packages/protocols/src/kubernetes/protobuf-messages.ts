/**
 * The messages that a request to Kubernetes may carry as protobuf, and what their fields are in JSON. Above, the kinds of each version and the
 * places of their messages; below, the messages: `NUMBER:MEMBER:TYPE` of each field, as protobuf-schema.ts reads them. Made of the Go types of
 * Kubernetes 1.35.4 (k8s.io/api, k8s.io/apimachinery, k8s.io/apiextensions-apiserver, k8s.io/kube-aggregator; Apache License 2.0) by
 * `npm run conformance:kubernetes -- --update`.
 */
export const messageTable = `
v1 Binding:0 ComponentStatus:7 ConfigMap:9 DeleteOptions:10 Endpoints:12 Event:16 LimitRange:20 Namespace:24 Node:28 PersistentVolume:46 PersistentVolumeClaim:77 Pod:87 PodStatusResult:195 PodTemplate:196 RangeAllocation:198 ReplicationController:199 ResourceQuota:203 Secret:208 SerializedReference:209 Service:210 ServiceAccount:220
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration:221 ValidatingAdmissionPolicy:228 ValidatingAdmissionPolicyBinding:239 ValidatingWebhookConfiguration:242
admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicy:244 MutatingAdmissionPolicyBinding:254 ValidatingAdmissionPolicy:257 ValidatingAdmissionPolicyBinding:264
admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy:266 MutatingAdmissionPolicyBinding:276 MutatingWebhookConfiguration:279 ValidatingAdmissionPolicy:283 ValidatingAdmissionPolicyBinding:290 ValidatingWebhookConfiguration:292
apiextensions.k8s.io/v1 ConversionReview:294 CustomResourceDefinition:302
apiextensions.k8s.io/v1beta1 ConversionReview:325 CustomResourceDefinition:328
apiregistration.k8s.io/v1 APIService:350
apiregistration.k8s.io/v1beta1 APIService:355
apps/v1 ControllerRevision:360 DaemonSet:361 Deployment:367 ReplicaSet:373 StatefulSet:377
apps/v1beta1 ControllerRevision:385 Deployment:386 DeploymentRollback:393 Scale:394 StatefulSet:397
apps/v1beta2 ControllerRevision:405 DaemonSet:406 Deployment:412 ReplicaSet:418 Scale:422 StatefulSet:425
authentication.k8s.io/v1 SelfSubjectReview:433 TokenRequest:437 TokenReview:441
authentication.k8s.io/v1alpha1 SelfSubjectReview:444
authentication.k8s.io/v1beta1 SelfSubjectReview:446 TokenReview:448
authorization.k8s.io/v1 LocalSubjectAccessReview:453 SelfSubjectAccessReview:462 SelfSubjectRulesReview:464 SubjectAccessReview:469
authorization.k8s.io/v1beta1 LocalSubjectAccessReview:470 SelfSubjectAccessReview:476 SelfSubjectRulesReview:478 SubjectAccessReview:483
autoscaling/v1 HorizontalPodAutoscaler:484 Scale:488
autoscaling/v2 HorizontalPodAutoscaler:491
autoscaling/v2beta1 HorizontalPodAutoscaler:514
autoscaling/v2beta2 HorizontalPodAutoscaler:531
batch/v1 CronJob:554 Job:565
batch/v1beta1 CronJob:569
certificates.k8s.io/v1 CertificateSigningRequest:573
certificates.k8s.io/v1alpha1 ClusterTrustBundle:578
certificates.k8s.io/v1beta1 CertificateSigningRequest:580 ClusterTrustBundle:585 PodCertificateRequest:587
coordination.k8s.io/v1 Lease:590
coordination.k8s.io/v1alpha2 LeaseCandidate:592
coordination.k8s.io/v1beta1 Lease:594 LeaseCandidate:596
discovery.k8s.io/v1 EndpointSlice:598
discovery.k8s.io/v1beta1 EndpointSlice:605
events.k8s.io/v1 Event:612
events.k8s.io/v1beta1 Event:614
extensions/v1beta1 DaemonSet:616 Deployment:622 DeploymentRollback:629 Ingress:630 NetworkPolicy:642 ReplicaSet:649 Scale:653
flowcontrol.apiserver.k8s.io/v1 FlowSchema:656 PriorityLevelConfiguration:669
flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema:677 PriorityLevelConfiguration:690
flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema:698 PriorityLevelConfiguration:711
flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema:719 PriorityLevelConfiguration:732
internal.apiserver.k8s.io/v1alpha1 StorageVersion:740
networking.k8s.io/v1 IPAddress:745 Ingress:748 IngressClass:762 NetworkPolicy:765 ServiceCIDR:772
networking.k8s.io/v1beta1 IPAddress:775 Ingress:778 IngressClass:790 ServiceCIDR:793
node.k8s.io/v1 RuntimeClass:796
node.k8s.io/v1alpha1 RuntimeClass:799
node.k8s.io/v1beta1 RuntimeClass:803
policy/v1 Eviction:806 PodDisruptionBudget:807
policy/v1beta1 Eviction:810 PodDisruptionBudget:811
rbac.authorization.k8s.io/v1 ClusterRole:814 ClusterRoleBinding:817 Role:820 RoleBinding:821
rbac.authorization.k8s.io/v1alpha1 ClusterRole:822 ClusterRoleBinding:825 Role:828 RoleBinding:829
rbac.authorization.k8s.io/v1beta1 ClusterRole:830 ClusterRoleBinding:833 Role:836 RoleBinding:837
resource.k8s.io/v1 DeviceClass:838 ResourceClaim:845 ResourceClaimTemplate:863 ResourceSlice:865
resource.k8s.io/v1alpha3 DeviceTaintRule:877
resource.k8s.io/v1beta1 DeviceClass:882 ResourceClaim:889 ResourceClaimTemplate:906 ResourceSlice:908
resource.k8s.io/v1beta2 DeviceClass:921 ResourceClaim:928 ResourceClaimTemplate:946 ResourceSlice:948
scheduling.k8s.io/v1 PriorityClass:960
scheduling.k8s.io/v1alpha1 PriorityClass:961 Workload:962
scheduling.k8s.io/v1beta1 PriorityClass:969
storage.k8s.io/v1 CSIDriver:970 CSINode:973 CSIStorageCapacity:977 StorageClass:978 VolumeAttachment:981 VolumeAttributesClass:986
storage.k8s.io/v1alpha1 CSIStorageCapacity:987 VolumeAttachment:988 VolumeAttributesClass:993
storage.k8s.io/v1beta1 CSIDriver:994 CSINode:997 CSIStorageCapacity:1001 StorageClass:1002 VolumeAttachment:1003 VolumeAttributesClass:1008
storagemigration.k8s.io/v1beta1 StorageVersionMigration:1009

Binding 1:metadata:m1 2:target:m6
ObjectMeta 1:name:s? 2:generateName:s? 3:namespace:s? 4:selfLink:s? 5:uid:s? 6:resourceVersion:s? 7:generation:l? 8:creationTimestamp:m2? 9:deletionTimestamp:m2 10:deletionGracePeriodSeconds:l 11:labels:%s 12:annotations:%s 13:ownerReferences:*m3 14:finalizers:*s 17:managedFields:*m4
Time=time 1:seconds:l 2:nanos:i
OwnerReference 5:apiVersion:s 1:kind:s 3:name:s 4:uid:s 6:controller:b 7:blockOwnerDeletion:b
ManagedFieldsEntry 1:manager:s? 2:operation:s? 3:apiVersion:s? 4:time:m2 6:fieldsType:s? 7:fieldsV1:m5 8:subresource:s?
FieldsV1=json 1:raw:j
ObjectReference 1:kind:s? 2:namespace:s? 3:name:s? 4:uid:s? 5:apiVersion:s? 6:resourceVersion:s? 7:fieldPath:s?
ComponentStatus 1:metadata:m1 2:conditions:*m8
ComponentCondition 1:type:s 2:status:s 3:message:s? 4:error:s?
ConfigMap 1:metadata:m1 4:immutable:b 2:data:%s 3:binaryData:%y
DeleteOptions 1:gracePeriodSeconds:l 2:preconditions:m11 3:orphanDependents:b 4:propagationPolicy:s 5:dryRun:*s 6:ignoreStoreReadErrorWithClusterBreakingPotential:b
Preconditions 1:uid:s 2:resourceVersion:s
Endpoints 1:metadata:m1 2:subsets:*m13
EndpointSubset 1:addresses:*m14 2:notReadyAddresses:*m14 3:ports:*m15
EndpointAddress 1:ip:s 3:hostname:s? 4:nodeName:s 2:targetRef:m6
EndpointPort 1:name:s? 2:port:i 3:protocol:s? 4:appProtocol:s
Event 1:metadata:m1 2:involvedObject:m6 3:reason:s? 4:message:s? 5:source:m17 6:firstTimestamp:m2 7:lastTimestamp:m2 8:count:i? 9:type:s? 10:eventTime:m18 11:series:m19 12:action:s? 13:related:m6 14:reportingComponent:s 15:reportingInstance:s
EventSource 1:component:s? 2:host:s?
MicroTime=micro-time 1:seconds:l 2:nanos:i
EventSeries 1:count:i? 2:lastObservedTime:m18
LimitRange 1:metadata:m1 2:spec:m21
LimitRangeSpec 1:limits:*m22
LimitRangeItem 1:type:s 2:max:%m23 3:min:%m23 4:default:%m23 5:defaultRequest:%m23 6:maxLimitRequestRatio:%m23
Quantity=quantity 1:string:s
Namespace 1:metadata:m1 2:spec:m25 3:status:m26
NamespaceSpec 1:finalizers:*s
NamespaceStatus 1:phase:s? 2:conditions:*m27
NamespaceCondition 1:type:s 2:status:s 4:lastTransitionTime:m2 5:reason:s? 6:message:s?
Node 1:metadata:m1 2:spec:m29 3:status:m33
NodeSpec 1:podCIDR:s? 7:podCIDRs:*s 3:providerID:s? 4:unschedulable:b? 5:taints:*m30 6:configSource:m31 2:externalID:s?
Taint 1:key:s 2:value:s? 3:effect:s 4:timeAdded:m2
NodeConfigSource 2:configMap:m32
ConfigMapNodeConfigSource 1:namespace:s 2:name:s 3:uid:s? 4:resourceVersion:s? 5:kubeletConfigKey:s
NodeStatus 1:capacity:%m23 2:allocatable:%m23 3:phase:s? 4:conditions:*m34 5:addresses:*m35 6:daemonEndpoints:m36 7:nodeInfo:m38 8:images:*m40 9:volumesInUse:*s 10:volumesAttached:*m41 11:config:m42 12:runtimeHandlers:*m43 13:features:m45 14:declaredFeatures:*s
NodeCondition 1:type:s 2:status:s 3:lastHeartbeatTime:m2 4:lastTransitionTime:m2 5:reason:s? 6:message:s?
NodeAddress 1:type:s 2:address:s
NodeDaemonEndpoints 1:kubeletEndpoint:m37
DaemonEndpoint 1:Port:i
NodeSystemInfo 1:machineID:s 2:systemUUID:s 3:bootID:s 4:kernelVersion:s 5:osImage:s 6:containerRuntimeVersion:s 7:kubeletVersion:s 8:kubeProxyVersion:s 9:operatingSystem:s 10:architecture:s 11:swap:m39
NodeSwapStatus 1:capacity:l
ContainerImage 1:names:*s 2:sizeBytes:l?
AttachedVolume 1:name:s 2:devicePath:s
NodeConfigStatus 1:assigned:m31 2:active:m31 3:lastKnownGood:m31 4:error:s?
NodeRuntimeHandler 1:name:s 2:features:m44
NodeRuntimeHandlerFeatures 1:recursiveReadOnlyMounts:b 2:userNamespaces:b
NodeFeatures 1:supplementalGroupsPolicy:b
PersistentVolume 1:metadata:m1 2:spec:m47 3:status:m76
PersistentVolumeSpec 1:capacity:%m23 2::m48 3:accessModes:*s 4:claimRef:m6 5:persistentVolumeReclaimPolicy:s? 6:storageClassName:s? 7:mountOptions:*s 8:volumeMode:s 9:nodeAffinity:m72 10:volumeAttributesClassName:s
PersistentVolumeSource 1:gcePersistentDisk:m49 2:awsElasticBlockStore:m50 3:hostPath:m51 4:glusterfs:m52 5:nfs:m53 6:rbd:m54 7:iscsi:m56 8:cinder:m57 9:cephfs:m58 10:fc:m59 11:flocker:m60 12:flexVolume:m61 13:azureFile:m62 14:vsphereVolume:m63 15:quobyte:m64 16:azureDisk:m65 17:photonPersistentDisk:m66 18:portworxVolume:m67 19:scaleIO:m68 20:local:m69 21:storageos:m70 22:csi:m71
GCEPersistentDiskVolumeSource 1:pdName:s 2:fsType:s? 3:partition:i? 4:readOnly:b?
AWSElasticBlockStoreVolumeSource 1:volumeID:s 2:fsType:s? 3:partition:i? 4:readOnly:b?
HostPathVolumeSource 1:path:s 2:type:s
GlusterfsPersistentVolumeSource 1:endpoints:s 2:path:s 3:readOnly:b? 4:endpointsNamespace:s
NFSVolumeSource 1:server:s 2:path:s 3:readOnly:b?
RBDPersistentVolumeSource 1:monitors:*s 2:image:s 3:fsType:s? 4:pool:s? 5:user:s? 6:keyring:s? 7:secretRef:m55 8:readOnly:b?
SecretReference 1:name:s? 2:namespace:s?
ISCSIPersistentVolumeSource 1:targetPortal:s 2:iqn:s 3:lun:i 4:iscsiInterface:s? 5:fsType:s? 6:readOnly:b? 7:portals:*s 8:chapAuthDiscovery:b? 11:chapAuthSession:b? 10:secretRef:m55 12:initiatorName:s
CinderPersistentVolumeSource 1:volumeID:s 2:fsType:s? 3:readOnly:b? 4:secretRef:m55
CephFSPersistentVolumeSource 1:monitors:*s 2:path:s? 3:user:s? 4:secretFile:s? 5:secretRef:m55 6:readOnly:b?
FCVolumeSource 1:targetWWNs:*s 2:lun:i 3:fsType:s? 4:readOnly:b? 5:wwids:*s
FlockerVolumeSource 1:datasetName:s? 2:datasetUUID:s?
FlexPersistentVolumeSource 1:driver:s 2:fsType:s? 3:secretRef:m55 4:readOnly:b? 5:options:%s
AzureFilePersistentVolumeSource 1:secretName:s 2:shareName:s 3:readOnly:b? 4:secretNamespace:s
VsphereVirtualDiskVolumeSource 1:volumePath:s 2:fsType:s? 3:storagePolicyName:s? 4:storagePolicyID:s?
QuobyteVolumeSource 1:registry:s 2:volume:s 3:readOnly:b? 4:user:s? 5:group:s? 6:tenant:s?
AzureDiskVolumeSource 1:diskName:s 2:diskURI:s 3:cachingMode:s 4:fsType:s 5:readOnly:b 6:kind:s
PhotonPersistentDiskVolumeSource 1:pdID:s 2:fsType:s?
PortworxVolumeSource 1:volumeID:s 2:fsType:s? 3:readOnly:b?
ScaleIOPersistentVolumeSource 1:gateway:s 2:system:s 3:secretRef:m55 4:sslEnabled:b? 5:protectionDomain:s? 6:storagePool:s? 7:storageMode:s? 8:volumeName:s? 9:fsType:s? 10:readOnly:b?
LocalVolumeSource 1:path:s 2:fsType:s
StorageOSPersistentVolumeSource 1:volumeName:s? 2:volumeNamespace:s? 3:fsType:s? 4:readOnly:b? 5:secretRef:m6
CSIPersistentVolumeSource 1:driver:s 2:volumeHandle:s 3:readOnly:b? 4:fsType:s? 5:volumeAttributes:%s 6:controllerPublishSecretRef:m55 7:nodeStageSecretRef:m55 8:nodePublishSecretRef:m55 9:controllerExpandSecretRef:m55 10:nodeExpandSecretRef:m55
VolumeNodeAffinity 1:required:m73
NodeSelector 1:nodeSelectorTerms:*m74
NodeSelectorTerm 1:matchExpressions:*m75 2:matchFields:*m75
NodeSelectorRequirement 1:key:s 2:operator:s 3:values:*s
PersistentVolumeStatus 1:phase:s? 2:message:s? 3:reason:s? 4:lastPhaseTransitionTime:m2
PersistentVolumeClaim 1:metadata:m1 2:spec:m78 3:status:m84
PersistentVolumeClaimSpec 1:accessModes:*s 4:selector:m79 2:resources:m81 3:volumeName:s? 5:storageClassName:s 6:volumeMode:s 7:dataSource:m82 8:dataSourceRef:m83 9:volumeAttributesClassName:s
LabelSelector 1:matchLabels:%s 2:matchExpressions:*m80
LabelSelectorRequirement 1:key:s 2:operator:s 3:values:*s
VolumeResourceRequirements 1:limits:%m23 2:requests:%m23
TypedLocalObjectReference 1:apiGroup:s 2:kind:s 3:name:s
TypedObjectReference 1:apiGroup:s 2:kind:s 3:name:s 4:namespace:s
PersistentVolumeClaimStatus 1:phase:s? 2:accessModes:*s 3:capacity:%m23 4:conditions:*m85 5:allocatedResources:%m23 7:allocatedResourceStatuses:%s 8:currentVolumeAttributesClassName:s 9:modifyVolumeStatus:m86
PersistentVolumeClaimCondition 1:type:s 2:status:s 3:lastProbeTime:m2 4:lastTransitionTime:m2 5:reason:s? 6:message:s?
ModifyVolumeStatus 1:targetVolumeAttributesClassName:s? 2:status:s
Pod 1:metadata:m1 2:spec:m88 3:status:m178
PodSpec 1:volumes:*m89 20:initContainers:*m123 2:containers:*m123 34:ephemeralContainers:*m157 3:restartPolicy:s? 4:terminationGracePeriodSeconds:l 5:activeDeadlineSeconds:l 6:dnsPolicy:s? 7:nodeSelector:%s 8:serviceAccountName:s? 9:serviceAccount:s? 21:automountServiceAccountToken:b 10:nodeName:s? 11:hostNetwork:b? 12:hostPID:b? 13:hostIPC:b? 27:shareProcessNamespace:b 14:securityContext:m159 15:imagePullSecrets:*m96 16:hostname:s? 17:subdomain:s? 18:affinity:m161 19:schedulerName:s? 22:tolerations:*m168 23:hostAliases:*m169 24:priorityClassName:s? 25:priority:i 26:dnsConfig:m170 28:readinessGates:*m172 29:runtimeClassName:s 30:enableServiceLinks:b 31:preemptionPolicy:s 32:overhead:%m23 33:topologySpreadConstraints:*m173 35:setHostnameAsFQDN:b 36:os:m174 37:hostUsers:b 38:schedulingGates:*m175 39:resourceClaims:*m176 40:resources:m133 41:hostnameOverride:s 42:workloadRef:m177
Volume 1:name:s 2::m90
VolumeSource 1:hostPath:m51 2:emptyDir:m91 3:gcePersistentDisk:m49 4:awsElasticBlockStore:m50 5:gitRepo:m92 6:secret:m93 7:nfs:m53 8:iscsi:m95 9:glusterfs:m97 10:persistentVolumeClaim:m98 11:rbd:m99 12:flexVolume:m100 13:cinder:m101 14:cephfs:m102 15:flocker:m60 16:downwardAPI:m103 17:fc:m59 18:azureFile:m107 19:configMap:m108 20:vsphereVolume:m63 21:quobyte:m64 22:azureDisk:m65 23:photonPersistentDisk:m66 26:projected:m109 24:portworxVolume:m67 25:scaleIO:m117 27:storageos:m118 28:csi:m119 29:ephemeral:m120 30:image:m122
EmptyDirVolumeSource 1:medium:s? 2:sizeLimit:m23
GitRepoVolumeSource 1:repository:s 2:revision:s? 3:directory:s?
SecretVolumeSource 1:secretName:s? 2:items:*m94 3:defaultMode:i 4:optional:b
KeyToPath 1:key:s 2:path:s 3:mode:i
ISCSIVolumeSource 1:targetPortal:s 2:iqn:s 3:lun:i 4:iscsiInterface:s? 5:fsType:s? 6:readOnly:b? 7:portals:*s 8:chapAuthDiscovery:b? 11:chapAuthSession:b? 10:secretRef:m96 12:initiatorName:s
LocalObjectReference 1:name:s?
GlusterfsVolumeSource 1:endpoints:s 2:path:s 3:readOnly:b?
PersistentVolumeClaimVolumeSource 1:claimName:s 2:readOnly:b?
RBDVolumeSource 1:monitors:*s 2:image:s 3:fsType:s? 4:pool:s? 5:user:s? 6:keyring:s? 7:secretRef:m96 8:readOnly:b?
FlexVolumeSource 1:driver:s 2:fsType:s? 3:secretRef:m96 4:readOnly:b? 5:options:%s
CinderVolumeSource 1:volumeID:s 2:fsType:s? 3:readOnly:b? 4:secretRef:m96
CephFSVolumeSource 1:monitors:*s 2:path:s? 3:user:s? 4:secretFile:s? 5:secretRef:m96 6:readOnly:b?
DownwardAPIVolumeSource 1:items:*m104 2:defaultMode:i
DownwardAPIVolumeFile 1:path:s 2:fieldRef:m105 3:resourceFieldRef:m106 4:mode:i
ObjectFieldSelector 1:apiVersion:s? 2:fieldPath:s
ResourceFieldSelector 1:containerName:s? 2:resource:s 3:divisor:m23
AzureFileVolumeSource 1:secretName:s 2:shareName:s 3:readOnly:b?
ConfigMapVolumeSource 1::m96 2:items:*m94 3:defaultMode:i 4:optional:b
ProjectedVolumeSource 1:sources:*m110 2:defaultMode:i
VolumeProjection 1:secret:m111 2:downwardAPI:m112 3:configMap:m113 4:serviceAccountToken:m114 5:clusterTrustBundle:m115 6:podCertificate:m116
SecretProjection 1::m96 2:items:*m94 4:optional:b
DownwardAPIProjection 1:items:*m104
ConfigMapProjection 1::m96 2:items:*m94 4:optional:b
ServiceAccountTokenProjection 1:audience:s? 2:expirationSeconds:l 3:path:s
ClusterTrustBundleProjection 1:name:s 2:signerName:s 3:labelSelector:m79 5:optional:b 4:path:s
PodCertificateProjection 1:signerName:s? 2:keyType:s? 3:maxExpirationSeconds:i 4:credentialBundlePath:s? 5:keyPath:s? 6:certificateChainPath:s? 7:userAnnotations:%s
ScaleIOVolumeSource 1:gateway:s 2:system:s 3:secretRef:m96 4:sslEnabled:b? 5:protectionDomain:s? 6:storagePool:s? 7:storageMode:s? 8:volumeName:s? 9:fsType:s? 10:readOnly:b?
StorageOSVolumeSource 1:volumeName:s? 2:volumeNamespace:s? 3:fsType:s? 4:readOnly:b? 5:secretRef:m96
CSIVolumeSource 1:driver:s 2:readOnly:b 3:fsType:s 4:volumeAttributes:%s 5:nodePublishSecretRef:m96
EphemeralVolumeSource 1:volumeClaimTemplate:m121
PersistentVolumeClaimTemplate 1:metadata:m1 2:spec:m78
ImageVolumeSource 1:reference:s? 2:pullPolicy:s?
Container 1:name:s 2:image:s? 3:command:*s 4:args:*s 5:workingDir:s? 6:ports:*m124 19:envFrom:*m125 7:env:*m128 8:resources:m133 23:resizePolicy:*m135 24:restartPolicy:s 25:restartPolicyRules:*m136 9:volumeMounts:*m138 21:volumeDevices:*m139 10:livenessProbe:m140 11:readinessProbe:m140 22:startupProbe:m140 12:lifecycle:m148 13:terminationMessagePath:s? 20:terminationMessagePolicy:s? 14:imagePullPolicy:s? 15:securityContext:m151 16:stdin:b? 17:stdinOnce:b? 18:tty:b?
ContainerPort 1:name:s? 2:hostPort:i? 3:containerPort:i 4:protocol:s? 5:hostIP:s?
EnvFromSource 1:prefix:s? 2:configMapRef:m126 3:secretRef:m127
ConfigMapEnvSource 1::m96 2:optional:b
SecretEnvSource 1::m96 2:optional:b
EnvVar 1:name:s 2:value:s? 3:valueFrom:m129
EnvVarSource 1:fieldRef:m105 2:resourceFieldRef:m106 3:configMapKeyRef:m130 4:secretKeyRef:m131 5:fileKeyRef:m132
ConfigMapKeySelector 1::m96 2:key:s 3:optional:b
SecretKeySelector 1::m96 2:key:s 3:optional:b
FileKeySelector 1:volumeName:s 2:path:s 3:key:s 4:optional:b
ResourceRequirements 1:limits:%m23 2:requests:%m23 3:claims:*m134
ResourceClaim 1:name:s 2:request:s?
ContainerResizePolicy 1:resourceName:s 2:restartPolicy:s
ContainerRestartRule 1:action:s? 2:exitCodes:m137
ContainerRestartRuleOnExitCodes 1:operator:s? 2:values:*i
VolumeMount 1:name:s 2:readOnly:b? 7:recursiveReadOnly:s 3:mountPath:s 4:subPath:s? 5:mountPropagation:s 6:subPathExpr:s?
VolumeDevice 1:name:s 2:devicePath:s
Probe 1::m141 2:initialDelaySeconds:i? 3:timeoutSeconds:i? 4:periodSeconds:i? 5:successThreshold:i? 6:failureThreshold:i? 7:terminationGracePeriodSeconds:l
ProbeHandler 1:exec:m142 2:httpGet:m143 3:tcpSocket:m146 4:grpc:m147
ExecAction 1:command:*s
HTTPGetAction 1:path:s? 2:port:m144 3:host:s? 4:scheme:s? 5:httpHeaders:*m145
IntOrString=int-or-string 1:type:l 2:intVal:i 3:strVal:s
HTTPHeader 1:name:s 2:value:s
TCPSocketAction 1:port:m144 2:host:s?
GRPCAction 1:port:i 2:service:s
Lifecycle 1:postStart:m149 2:preStop:m149 3:stopSignal:s
LifecycleHandler 1:exec:m142 2:httpGet:m143 3:tcpSocket:m146 4:sleep:m150
SleepAction 1:seconds:l
SecurityContext 1:capabilities:m152 2:privileged:b 3:seLinuxOptions:m153 10:windowsOptions:m154 4:runAsUser:l 8:runAsGroup:l 5:runAsNonRoot:b 6:readOnlyRootFilesystem:b 7:allowPrivilegeEscalation:b 9:procMount:s 11:seccompProfile:m155 12:appArmorProfile:m156
Capabilities 1:add:*s 2:drop:*s
SELinuxOptions 1:user:s? 2:role:s? 3:type:s? 4:level:s?
WindowsSecurityContextOptions 1:gmsaCredentialSpecName:s 2:gmsaCredentialSpec:s 3:runAsUserName:s 4:hostProcess:b
SeccompProfile 1:type:s 2:localhostProfile:s
AppArmorProfile 1:type:s 2:localhostProfile:s
EphemeralContainer 1::m158 2:targetContainerName:s?
EphemeralContainerCommon 1:name:s 2:image:s? 3:command:*s 4:args:*s 5:workingDir:s? 6:ports:*m124 19:envFrom:*m125 7:env:*m128 8:resources:m133 23:resizePolicy:*m135 24:restartPolicy:s 25:restartPolicyRules:*m136 9:volumeMounts:*m138 21:volumeDevices:*m139 10:livenessProbe:m140 11:readinessProbe:m140 22:startupProbe:m140 12:lifecycle:m148 13:terminationMessagePath:s? 20:terminationMessagePolicy:s? 14:imagePullPolicy:s? 15:securityContext:m151 16:stdin:b? 17:stdinOnce:b? 18:tty:b?
PodSecurityContext 1:seLinuxOptions:m153 8:windowsOptions:m154 2:runAsUser:l 6:runAsGroup:l 3:runAsNonRoot:b 4:supplementalGroups:*l 12:supplementalGroupsPolicy:s 5:fsGroup:l 7:sysctls:*m160 9:fsGroupChangePolicy:s 10:seccompProfile:m155 11:appArmorProfile:m156 13:seLinuxChangePolicy:s
Sysctl 1:name:s 2:value:s
Affinity 1:nodeAffinity:m162 2:podAffinity:m164 3:podAntiAffinity:m167
NodeAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:m73 2:preferredDuringSchedulingIgnoredDuringExecution:*m163
PreferredSchedulingTerm 1:weight:i 2:preference:m74
PodAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:*m165 2:preferredDuringSchedulingIgnoredDuringExecution:*m166
PodAffinityTerm 1:labelSelector:m79 2:namespaces:*s 3:topologyKey:s 4:namespaceSelector:m79 5:matchLabelKeys:*s 6:mismatchLabelKeys:*s
WeightedPodAffinityTerm 1:weight:i 2:podAffinityTerm:m165
PodAntiAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:*m165 2:preferredDuringSchedulingIgnoredDuringExecution:*m166
Toleration 1:key:s? 2:operator:s? 3:value:s? 4:effect:s? 5:tolerationSeconds:l
HostAlias 1:ip:s 2:hostnames:*s
PodDNSConfig 1:nameservers:*s 2:searches:*s 3:options:*m171
PodDNSConfigOption 1:name:s? 2:value:s
PodReadinessGate 1:conditionType:s
TopologySpreadConstraint 1:maxSkew:i 2:topologyKey:s 3:whenUnsatisfiable:s 4:labelSelector:m79 5:minDomains:i 6:nodeAffinityPolicy:s 7:nodeTaintsPolicy:s 8:matchLabelKeys:*s
PodOS 1:name:s
PodSchedulingGate 1:name:s
PodResourceClaim 1:name:s 3:resourceClaimName:s 4:resourceClaimTemplateName:s
WorkloadReference 1:name:s 2:podGroup:s 3:podGroupReplicaKey:s?
PodStatus 17:observedGeneration:l? 1:phase:s? 2:conditions:*m179 3:message:s? 4:reason:s? 11:nominatedNodeName:s? 5:hostIP:s? 16:hostIPs:*m180 6:podIP:s? 12:podIPs:*m181 7:startTime:m2 10:initContainerStatuses:*m182 8:containerStatuses:*m182 9:qosClass:s? 13:ephemeralContainerStatuses:*m182 14:resize:s? 15:resourceClaimStatuses:*m192 18:extendedResourceClaimStatus:m193 19:allocatedResources:%m23 20:resources:m133
PodCondition 1:type:s 7:observedGeneration:l? 2:status:s 3:lastProbeTime:m2 4:lastTransitionTime:m2 5:reason:s? 6:message:s?
HostIP 1:ip:s
PodIP 1:ip:s
ContainerStatus 1:name:s 2:state:m183 3:lastState:m183 4:ready:b 5:restartCount:i 6:image:s 7:imageID:s 8:containerID:s? 9:started:b 10:allocatedResources:%m23 11:resources:m133 12:volumeMounts:*m187 13:user:m188 14:allocatedResourcesStatus:*m190 15:stopSignal:s
ContainerState 1:waiting:m184 2:running:m185 3:terminated:m186
ContainerStateWaiting 1:reason:s? 2:message:s?
ContainerStateRunning 1:startedAt:m2
ContainerStateTerminated 1:exitCode:i 2:signal:i? 3:reason:s? 4:message:s? 5:startedAt:m2 6:finishedAt:m2 7:containerID:s?
VolumeMountStatus 1:name:s 2:mountPath:s 3:readOnly:b? 4:recursiveReadOnly:s
ContainerUser 1:linux:m189
LinuxContainerUser 1:uid:l 2:gid:l 3:supplementalGroups:*l
ResourceStatus 1:name:s 2:resources:*m191
ResourceHealth 1:resourceID:s 2:health:s?
PodResourceClaimStatus 1:name:s 2:resourceClaimName:s
PodExtendedResourceClaimStatus 1:requestMappings:*m194 2:resourceClaimName:s
ContainerExtendedResourceRequest 1:containerName:s 2:resourceName:s 3:requestName:s
PodStatusResult 1:metadata:m1 2:status:m178
PodTemplate 1:metadata:m1 2:template:m197
PodTemplateSpec 1:metadata:m1 2:spec:m88
RangeAllocation 1:metadata:m1 2:range:s 3:data:y
ReplicationController 1:metadata:m1 2:spec:m200 3:status:m201
ReplicationControllerSpec 1:replicas:i 4:minReadySeconds:i? 2:selector:%s 3:template:m197
ReplicationControllerStatus 1:replicas:i 2:fullyLabeledReplicas:i? 4:readyReplicas:i? 5:availableReplicas:i? 3:observedGeneration:l? 6:conditions:*m202
ReplicationControllerCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
ResourceQuota 1:metadata:m1 2:spec:m204 3:status:m207
ResourceQuotaSpec 1:hard:%m23 2:scopes:*s 3:scopeSelector:m205
ScopeSelector 1:matchExpressions:*m206
ScopedResourceSelectorRequirement 1:scopeName:s 2:operator:s 3:values:*s
ResourceQuotaStatus 1:hard:%m23 2:used:%m23
Secret 1:metadata:m1 5:immutable:b 2:data:%y 4:stringData:%s 3:type:s?
SerializedReference 1:reference:m6
Service 1:metadata:m1 2:spec:m211 3:status:m215
ServiceSpec 1:ports:*m212 2:selector:%s 3:clusterIP:s? 18:clusterIPs:*s 4:type:s? 5:externalIPs:*s 7:sessionAffinity:s? 8:loadBalancerIP:s? 9:loadBalancerSourceRanges:*s 10:externalName:s? 11:externalTrafficPolicy:s? 12:healthCheckNodePort:i? 13:publishNotReadyAddresses:b? 14:sessionAffinityConfig:m213 19:ipFamilies:*s 17:ipFamilyPolicy:s 20:allocateLoadBalancerNodePorts:b 21:loadBalancerClass:s 22:internalTrafficPolicy:s 23:trafficDistribution:s
ServicePort 1:name:s? 2:protocol:s? 6:appProtocol:s 3:port:i 4:targetPort:m144 5:nodePort:i?
SessionAffinityConfig 1:clientIP:m214
ClientIPConfig 1:timeoutSeconds:i
ServiceStatus 1:loadBalancer:m216 2:conditions:*m219
LoadBalancerStatus 1:ingress:*m217
LoadBalancerIngress 1:ip:s? 2:hostname:s? 3:ipMode:s 4:ports:*m218
PortStatus 1:port:i 2:protocol:s 3:error:s
Condition 1:type:s 2:status:s 3:observedGeneration:l? 4:lastTransitionTime:m2 5:reason:s 6:message:s
ServiceAccount 1:metadata:m1 2:secrets:*m6 3:imagePullSecrets:*m96 4:automountServiceAccountToken:b
MutatingWebhookConfiguration 1:metadata:m1 2:webhooks:*m222
MutatingWebhook 1:name:s 2:clientConfig:m223 3:rules:*m225 4:failurePolicy:s 9:matchPolicy:s 5:namespaceSelector:m79 11:objectSelector:m79 6:sideEffects:s 7:timeoutSeconds:i 8:admissionReviewVersions:*s 10:reinvocationPolicy:s 12:matchConditions:*m227
WebhookClientConfig 3:url:s 1:service:m224 2:caBundle:y?
ServiceReference 1:namespace:s 2:name:s 3:path:s 4:port:i
RuleWithOperations 1:operations:*s 2::m226
Rule 1:apiGroups:*s 2:apiVersions:*s 3:resources:*s 4:scope:s
MatchCondition 1:name:s 2:expression:s
ValidatingAdmissionPolicy 1:metadata:m1 2:spec:m229 3:status:m236
ValidatingAdmissionPolicySpec 1:paramKind:m230 2:matchConstraints:m231 3:validations:*m233 4:failurePolicy:s 5:auditAnnotations:*m234 6:matchConditions:*m227 7:variables:*m235
ParamKind 1:apiVersion:s? 2:kind:s?
MatchResources 1:namespaceSelector:m79 2:objectSelector:m79 3:resourceRules:*m232 4:excludeResourceRules:*m232 7:matchPolicy:s
NamedRuleWithOperations 1:resourceNames:*s 2::m225
Validation 1:expression:s 2:message:s? 3:reason:s 4:messageExpression:s?
AuditAnnotation 1:key:s 2:valueExpression:s
Variable 1:name:s 2:expression:s
ValidatingAdmissionPolicyStatus 1:observedGeneration:l? 2:typeChecking:m237 3:conditions:*m219
TypeChecking 1:expressionWarnings:*m238
ExpressionWarning 2:fieldRef:s 3:warning:s
ValidatingAdmissionPolicyBinding 1:metadata:m1 2:spec:m240
ValidatingAdmissionPolicyBindingSpec 1:policyName:s? 2:paramRef:m241 3:matchResources:m231 4:validationActions:*s
ParamRef 1:name:s? 2:namespace:s? 3:selector:m79 4:parameterNotFoundAction:s
ValidatingWebhookConfiguration 1:metadata:m1 2:webhooks:*m243
ValidatingWebhook 1:name:s 2:clientConfig:m223 3:rules:*m225 4:failurePolicy:s 9:matchPolicy:s 5:namespaceSelector:m79 10:objectSelector:m79 6:sideEffects:s 7:timeoutSeconds:i 8:admissionReviewVersions:*s 11:matchConditions:*m227
MutatingAdmissionPolicy 1:metadata:m1 2:spec:m245
MutatingAdmissionPolicySpec 1:paramKind:m246 2:matchConstraints:m247 3:variables:*m249 4:mutations:*m250 5:failurePolicy:s 6:matchConditions:*m253 7:reinvocationPolicy:s?
ParamKind 1:apiVersion:s? 2:kind:s?
MatchResources 1:namespaceSelector:m79 2:objectSelector:m79 3:resourceRules:*m248 4:excludeResourceRules:*m248 7:matchPolicy:s
NamedRuleWithOperations 1:resourceNames:*s 2::m225
Variable 1:name:s 2:expression:s
Mutation 2:patchType:s 3:applyConfiguration:m251 4:jsonPatch:m252
ApplyConfiguration 1:expression:s?
JSONPatch 1:expression:s?
MatchCondition 1:name:s 2:expression:s
MutatingAdmissionPolicyBinding 1:metadata:m1 2:spec:m255
MutatingAdmissionPolicyBindingSpec 1:policyName:s? 2:paramRef:m256 3:matchResources:m247
ParamRef 1:name:s? 2:namespace:s? 3:selector:m79 4:parameterNotFoundAction:s
ValidatingAdmissionPolicy 1:metadata:m1 2:spec:m258 3:status:m261
ValidatingAdmissionPolicySpec 1:paramKind:m246 2:matchConstraints:m247 3:validations:*m259 4:failurePolicy:s 5:auditAnnotations:*m260 6:matchConditions:*m253 7:variables:*m249
Validation 1:expression:s 2:message:s? 3:reason:s 4:messageExpression:s?
AuditAnnotation 1:key:s 2:valueExpression:s
ValidatingAdmissionPolicyStatus 1:observedGeneration:l? 2:typeChecking:m262 3:conditions:*m219
TypeChecking 1:expressionWarnings:*m263
ExpressionWarning 2:fieldRef:s 3:warning:s
ValidatingAdmissionPolicyBinding 1:metadata:m1 2:spec:m265
ValidatingAdmissionPolicyBindingSpec 1:policyName:s? 2:paramRef:m256 3:matchResources:m247 4:validationActions:*s
MutatingAdmissionPolicy 1:metadata:m1 2:spec:m267
MutatingAdmissionPolicySpec 1:paramKind:m268 2:matchConstraints:m269 3:variables:*m271 4:mutations:*m272 5:failurePolicy:s 6:matchConditions:*m275 7:reinvocationPolicy:s?
ParamKind 1:apiVersion:s? 2:kind:s?
MatchResources 1:namespaceSelector:m79 2:objectSelector:m79 3:resourceRules:*m270 4:excludeResourceRules:*m270 7:matchPolicy:s
NamedRuleWithOperations 1:resourceNames:*s 2::m225
Variable 1:name:s 2:expression:s
Mutation 2:patchType:s 3:applyConfiguration:m273 4:jsonPatch:m274
ApplyConfiguration 1:expression:s?
JSONPatch 1:expression:s?
MatchCondition 1:name:s 2:expression:s
MutatingAdmissionPolicyBinding 1:metadata:m1 2:spec:m277
MutatingAdmissionPolicyBindingSpec 1:policyName:s? 2:paramRef:m278 3:matchResources:m269
ParamRef 1:name:s? 2:namespace:s? 3:selector:m79 4:parameterNotFoundAction:s
MutatingWebhookConfiguration 1:metadata:m1 2:webhooks:*m280
MutatingWebhook 1:name:s 2:clientConfig:m281 3:rules:*m225 4:failurePolicy:s 9:matchPolicy:s 5:namespaceSelector:m79 11:objectSelector:m79 6:sideEffects:s 7:timeoutSeconds:i 8:admissionReviewVersions:*s 10:reinvocationPolicy:s 12:matchConditions:*m275
WebhookClientConfig 3:url:s 1:service:m282 2:caBundle:y?
ServiceReference 1:namespace:s 2:name:s 3:path:s 4:port:i
ValidatingAdmissionPolicy 1:metadata:m1 2:spec:m284 3:status:m287
ValidatingAdmissionPolicySpec 1:paramKind:m268 2:matchConstraints:m269 3:validations:*m285 4:failurePolicy:s 5:auditAnnotations:*m286 6:matchConditions:*m275 7:variables:*m271
Validation 1:expression:s 2:message:s? 3:reason:s 4:messageExpression:s?
AuditAnnotation 1:key:s 2:valueExpression:s
ValidatingAdmissionPolicyStatus 1:observedGeneration:l? 2:typeChecking:m288 3:conditions:*m219
TypeChecking 1:expressionWarnings:*m289
ExpressionWarning 2:fieldRef:s 3:warning:s
ValidatingAdmissionPolicyBinding 1:metadata:m1 2:spec:m291
ValidatingAdmissionPolicyBindingSpec 1:policyName:s? 2:paramRef:m278 3:matchResources:m269 4:validationActions:*s
ValidatingWebhookConfiguration 1:metadata:m1 2:webhooks:*m293
ValidatingWebhook 1:name:s 2:clientConfig:m281 3:rules:*m225 4:failurePolicy:s 9:matchPolicy:s 5:namespaceSelector:m79 10:objectSelector:m79 6:sideEffects:s 7:timeoutSeconds:i 8:admissionReviewVersions:*s 11:matchConditions:*m275
ConversionReview 1:request:m295 2:response:m297
ConversionRequest 1:uid:s 2:desiredAPIVersion:s 3:objects:*m296
RawExtension=json 1:raw:j
ConversionResponse 1:uid:s 2:convertedObjects:*m296 3:result:m298
Status 1:metadata:m299 2:status:s? 3:message:s? 4:reason:s? 5:details:m300 6:code:i?
ListMeta 1:selfLink:s? 2:resourceVersion:s? 3:continue:s? 4:remainingItemCount:l
StatusDetails 1:name:s? 2:group:s? 3:kind:s? 6:uid:s? 4:causes:*m301 5:retryAfterSeconds:i?
StatusCause 1:reason:s? 2:message:s? 3:field:s?
CustomResourceDefinition 1:metadata:m1 2:spec:m303 3:status:m323
CustomResourceDefinitionSpec 1:group:s 3:names:m304 4:scope:s 7:versions:*m305 9:conversion:m319 10:preserveUnknownFields:b?
CustomResourceDefinitionNames 1:plural:s 2:singular:s? 3:shortNames:*s 4:kind:s 5:listKind:s? 6:categories:*s
CustomResourceDefinitionVersion 1:name:s 2:served:b 3:storage:b 7:deprecated:b? 8:deprecationWarning:s 4:schema:m306 5:subresources:m314 6:additionalPrinterColumns:*m317 9:selectableFields:*m318
CustomResourceValidation 1:openAPIV3Schema:m307
JSONSchemaProps 1:id:s? 2:$schema:s? 3:$ref:s 4:description:s? 5:type:s? 6:format:s? 7:title:s? 8:default:m308 9:maximum:d 10:exclusiveMaximum:b? 11:minimum:d 12:exclusiveMinimum:b? 13:maxLength:l 14:minLength:l 15:pattern:s? 16:maxItems:l 17:minItems:l 18:uniqueItems:b? 19:multipleOf:d 20:enum:*m308 21:maxProperties:l 22:minProperties:l 23:required:*s 24:items:m309 25:allOf:*m307 26:oneOf:*m307 27:anyOf:*m307 28:not:m307 29:properties:%m307 30:additionalProperties:m310 31:patternProperties:%m307 32:dependencies:%m311 33:additionalItems:m310 34:definitions:%m307 35:externalDocs:m312 36:example:m308 37:nullable:b? 38:x-kubernetes-preserve-unknown-fields:b 39:x-kubernetes-embedded-resource:b? 40:x-kubernetes-int-or-string:b? 41:x-kubernetes-list-map-keys:*s 42:x-kubernetes-list-type:s 43:x-kubernetes-map-type:s 44:x-kubernetes-validations:*m313
JSON=json 1:raw:j
JSONSchemaPropsOrArray=schema-or-array 1:schema:m307 2:jSONSchemas:*m307
JSONSchemaPropsOrBool=schema-or-bool 1:allows:b 2:schema:m307
JSONSchemaPropsOrStringArray=schema-or-strings 1:schema:m307 2:property:*s
ExternalDocumentation 1:description:s? 2:url:s?
ValidationRule 1:rule:s 2:message:s? 3:messageExpression:s? 4:reason:s 5:fieldPath:s? 6:optionalOldSelf:b
CustomResourceSubresources 1:status:m315 2:scale:m316
CustomResourceSubresourceStatus
CustomResourceSubresourceScale 1:specReplicasPath:s 2:statusReplicasPath:s 3:labelSelectorPath:s
CustomResourceColumnDefinition 1:name:s 2:type:s 3:format:s? 4:description:s? 5:priority:i? 6:jsonPath:s
SelectableField 1:jsonPath:s
CustomResourceConversion 1:strategy:s 2:webhook:m320
WebhookConversion 2:clientConfig:m321 3:conversionReviewVersions:*s
WebhookClientConfig 3:url:s 1:service:m322 2:caBundle:y?
ServiceReference 1:namespace:s 2:name:s 3:path:s 4:port:i
CustomResourceDefinitionStatus 1:conditions:*m324 2:acceptedNames:m304 3:storedVersions:*s 4:observedGeneration:l?
CustomResourceDefinitionCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s? 6:observedGeneration:l?
ConversionReview 1:request:m326 2:response:m327
ConversionRequest 1:uid:s 2:desiredAPIVersion:s 3:objects:*m296
ConversionResponse 1:uid:s 2:convertedObjects:*m296 3:result:m298
CustomResourceDefinition 1:metadata:m1 2:spec:m329 3:status:m348
CustomResourceDefinitionSpec 1:group:s 2:version:s? 3:names:m330 4:scope:s 5:validation:m331 6:subresources:m339 7:versions:*m342 8:additionalPrinterColumns:*m343 11:selectableFields:*m344 9:conversion:m345 10:preserveUnknownFields:b
CustomResourceDefinitionNames 1:plural:s 2:singular:s? 3:shortNames:*s 4:kind:s 5:listKind:s? 6:categories:*s
CustomResourceValidation 1:openAPIV3Schema:m332
JSONSchemaProps 1:id:s? 2:$schema:s? 3:$ref:s 4:description:s? 5:type:s? 6:format:s? 7:title:s? 8:default:m333 9:maximum:d 10:exclusiveMaximum:b? 11:minimum:d 12:exclusiveMinimum:b? 13:maxLength:l 14:minLength:l 15:pattern:s? 16:maxItems:l 17:minItems:l 18:uniqueItems:b? 19:multipleOf:d 20:enum:*m333 21:maxProperties:l 22:minProperties:l 23:required:*s 24:items:m334 25:allOf:*m332 26:oneOf:*m332 27:anyOf:*m332 28:not:m332 29:properties:%m332 30:additionalProperties:m335 31:patternProperties:%m332 32:dependencies:%m336 33:additionalItems:m335 34:definitions:%m332 35:externalDocs:m337 36:example:m333 37:nullable:b? 38:x-kubernetes-preserve-unknown-fields:b 39:x-kubernetes-embedded-resource:b? 40:x-kubernetes-int-or-string:b? 41:x-kubernetes-list-map-keys:*s 42:x-kubernetes-list-type:s 43:x-kubernetes-map-type:s 44:x-kubernetes-validations:*m338
JSON=json 1:raw:j
JSONSchemaPropsOrArray=schema-or-array 1:schema:m332 2:jSONSchemas:*m332
JSONSchemaPropsOrBool=schema-or-bool 1:allows:b 2:schema:m332
JSONSchemaPropsOrStringArray=schema-or-strings 1:schema:m332 2:property:*s
ExternalDocumentation 1:description:s? 2:url:s?
ValidationRule 1:rule:s 2:message:s? 3:messageExpression:s? 4:reason:s 5:fieldPath:s? 6:optionalOldSelf:b
CustomResourceSubresources 1:status:m340 2:scale:m341
CustomResourceSubresourceStatus
CustomResourceSubresourceScale 1:specReplicasPath:s 2:statusReplicasPath:s 3:labelSelectorPath:s
CustomResourceDefinitionVersion 1:name:s 2:served:b 3:storage:b 7:deprecated:b? 8:deprecationWarning:s 4:schema:m331 5:subresources:m339 6:additionalPrinterColumns:*m343 9:selectableFields:*m344
CustomResourceColumnDefinition 1:name:s 2:type:s 3:format:s? 4:description:s? 5:priority:i? 6:JSONPath:s
SelectableField 1:jsonPath:s
CustomResourceConversion 1:strategy:s 2:webhookClientConfig:m346 3:conversionReviewVersions:*s
WebhookClientConfig 3:url:s 1:service:m347 2:caBundle:y?
ServiceReference 1:namespace:s 2:name:s 3:path:s 4:port:i
CustomResourceDefinitionStatus 1:conditions:*m349 2:acceptedNames:m330 3:storedVersions:*s 4:observedGeneration:l?
CustomResourceDefinitionCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s? 6:observedGeneration:l?
APIService 1:metadata:m1 2:spec:m351 3:status:m353
APIServiceSpec 1:service:m352 2:group:s? 3:version:s? 4:insecureSkipTLSVerify:b? 5:caBundle:y? 7:groupPriorityMinimum:i 8:versionPriority:i
ServiceReference 1:namespace:s? 2:name:s? 3:port:i
APIServiceStatus 1:conditions:*m354
APIServiceCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
APIService 1:metadata:m1 2:spec:m356 3:status:m358
APIServiceSpec 1:service:m357 2:group:s? 3:version:s? 4:insecureSkipTLSVerify:b? 5:caBundle:y? 7:groupPriorityMinimum:i 8:versionPriority:i
ServiceReference 1:namespace:s? 2:name:s? 3:port:i
APIServiceStatus 1:conditions:*m359
APIServiceCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
ControllerRevision 1:metadata:m1 2:data:m296 3:revision:l
DaemonSet 1:metadata:m1 2:spec:m362 3:status:m365
DaemonSetSpec 1:selector:m79 2:template:m197 3:updateStrategy:m363 4:minReadySeconds:i? 6:revisionHistoryLimit:i
DaemonSetUpdateStrategy 1:type:s? 2:rollingUpdate:m364
RollingUpdateDaemonSet 1:maxUnavailable:m144 2:maxSurge:m144
DaemonSetStatus 1:currentNumberScheduled:i 2:numberMisscheduled:i 3:desiredNumberScheduled:i 4:numberReady:i 5:observedGeneration:l? 6:updatedNumberScheduled:i? 7:numberAvailable:i? 8:numberUnavailable:i? 9:collisionCount:i 10:conditions:*m366
DaemonSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
Deployment 1:metadata:m1 2:spec:m368 3:status:m371
DeploymentSpec 1:replicas:i 2:selector:m79 3:template:m197 4:strategy:m369 5:minReadySeconds:i? 6:revisionHistoryLimit:i 7:paused:b? 9:progressDeadlineSeconds:i
DeploymentStrategy 1:type:s? 2:rollingUpdate:m370
RollingUpdateDeployment 1:maxUnavailable:m144 2:maxSurge:m144
DeploymentStatus 1:observedGeneration:l? 2:replicas:i? 3:updatedReplicas:i? 7:readyReplicas:i? 4:availableReplicas:i? 5:unavailableReplicas:i? 9:terminatingReplicas:i 6:conditions:*m372 8:collisionCount:i
DeploymentCondition 1:type:s 2:status:s 6:lastUpdateTime:m2 7:lastTransitionTime:m2 4:reason:s? 5:message:s?
ReplicaSet 1:metadata:m1 2:spec:m374 3:status:m375
ReplicaSetSpec 1:replicas:i 4:minReadySeconds:i? 2:selector:m79 3:template:m197
ReplicaSetStatus 1:replicas:i 2:fullyLabeledReplicas:i? 4:readyReplicas:i? 5:availableReplicas:i? 7:terminatingReplicas:i 3:observedGeneration:l? 6:conditions:*m376
ReplicaSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
StatefulSet 1:metadata:m1 2:spec:m378 3:status:m383
StatefulSetSpec 1:replicas:i 2:selector:m79 3:template:m197 4:volumeClaimTemplates:*m77 5:serviceName:s 6:podManagementPolicy:s? 7:updateStrategy:m379 8:revisionHistoryLimit:i 9:minReadySeconds:i? 10:persistentVolumeClaimRetentionPolicy:m381 11:ordinals:m382
StatefulSetUpdateStrategy 1:type:s? 2:rollingUpdate:m380
RollingUpdateStatefulSetStrategy 1:partition:i 2:maxUnavailable:m144
StatefulSetPersistentVolumeClaimRetentionPolicy 1:whenDeleted:s? 2:whenScaled:s?
StatefulSetOrdinals 1:start:i
StatefulSetStatus 1:observedGeneration:l? 2:replicas:i 3:readyReplicas:i? 4:currentReplicas:i? 5:updatedReplicas:i? 6:currentRevision:s? 7:updateRevision:s? 9:collisionCount:i 10:conditions:*m384 11:availableReplicas:i
StatefulSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
ControllerRevision 1:metadata:m1 2:data:m296 3:revision:l
Deployment 1:metadata:m1 2:spec:m387 3:status:m391
DeploymentSpec 1:replicas:i 2:selector:m79 3:template:m197 4:strategy:m388 5:minReadySeconds:i? 6:revisionHistoryLimit:i 7:paused:b? 8:rollbackTo:m390 9:progressDeadlineSeconds:i
DeploymentStrategy 1:type:s? 2:rollingUpdate:m389
RollingUpdateDeployment 1:maxUnavailable:m144 2:maxSurge:m144
RollbackConfig 1:revision:l?
DeploymentStatus 1:observedGeneration:l? 2:replicas:i? 3:updatedReplicas:i? 7:readyReplicas:i? 4:availableReplicas:i? 5:unavailableReplicas:i? 9:terminatingReplicas:i 6:conditions:*m392 8:collisionCount:i
DeploymentCondition 1:type:s 2:status:s 6:lastUpdateTime:m2 7:lastTransitionTime:m2 4:reason:s? 5:message:s?
DeploymentRollback 1:name:s 2:updatedAnnotations:%s 3:rollbackTo:m390
Scale 1:metadata:m1 2:spec:m395 3:status:m396
ScaleSpec 1:replicas:i?
ScaleStatus 1:replicas:i 2:selector:%s 3:targetSelector:s?
StatefulSet 1:metadata:m1 2:spec:m398 3:status:m403
StatefulSetSpec 1:replicas:i 2:selector:m79 3:template:m197 4:volumeClaimTemplates:*m77 5:serviceName:s 6:podManagementPolicy:s? 7:updateStrategy:m399 8:revisionHistoryLimit:i 9:minReadySeconds:i? 10:persistentVolumeClaimRetentionPolicy:m401 11:ordinals:m402
StatefulSetUpdateStrategy 1:type:s? 2:rollingUpdate:m400
RollingUpdateStatefulSetStrategy 1:partition:i 2:maxUnavailable:m144
StatefulSetPersistentVolumeClaimRetentionPolicy 1:whenDeleted:s? 2:whenScaled:s?
StatefulSetOrdinals 1:start:i
StatefulSetStatus 1:observedGeneration:l 2:replicas:i 3:readyReplicas:i? 4:currentReplicas:i? 5:updatedReplicas:i? 6:currentRevision:s? 7:updateRevision:s? 9:collisionCount:i 10:conditions:*m404 11:availableReplicas:i
StatefulSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
ControllerRevision 1:metadata:m1 2:data:m296 3:revision:l
DaemonSet 1:metadata:m1 2:spec:m407 3:status:m410
DaemonSetSpec 1:selector:m79 2:template:m197 3:updateStrategy:m408 4:minReadySeconds:i? 6:revisionHistoryLimit:i
DaemonSetUpdateStrategy 1:type:s? 2:rollingUpdate:m409
RollingUpdateDaemonSet 1:maxUnavailable:m144 2:maxSurge:m144
DaemonSetStatus 1:currentNumberScheduled:i 2:numberMisscheduled:i 3:desiredNumberScheduled:i 4:numberReady:i 5:observedGeneration:l? 6:updatedNumberScheduled:i? 7:numberAvailable:i? 8:numberUnavailable:i? 9:collisionCount:i 10:conditions:*m411
DaemonSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
Deployment 1:metadata:m1 2:spec:m413 3:status:m416
DeploymentSpec 1:replicas:i 2:selector:m79 3:template:m197 4:strategy:m414 5:minReadySeconds:i? 6:revisionHistoryLimit:i 7:paused:b? 9:progressDeadlineSeconds:i
DeploymentStrategy 1:type:s? 2:rollingUpdate:m415
RollingUpdateDeployment 1:maxUnavailable:m144 2:maxSurge:m144
DeploymentStatus 1:observedGeneration:l? 2:replicas:i? 3:updatedReplicas:i? 7:readyReplicas:i? 4:availableReplicas:i? 5:unavailableReplicas:i? 9:terminatingReplicas:i 6:conditions:*m417 8:collisionCount:i
DeploymentCondition 1:type:s 2:status:s 6:lastUpdateTime:m2 7:lastTransitionTime:m2 4:reason:s? 5:message:s?
ReplicaSet 1:metadata:m1 2:spec:m419 3:status:m420
ReplicaSetSpec 1:replicas:i 4:minReadySeconds:i? 2:selector:m79 3:template:m197
ReplicaSetStatus 1:replicas:i 2:fullyLabeledReplicas:i? 4:readyReplicas:i? 5:availableReplicas:i? 7:terminatingReplicas:i 3:observedGeneration:l? 6:conditions:*m421
ReplicaSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
Scale 1:metadata:m1 2:spec:m423 3:status:m424
ScaleSpec 1:replicas:i?
ScaleStatus 1:replicas:i 2:selector:%s 3:targetSelector:s?
StatefulSet 1:metadata:m1 2:spec:m426 3:status:m431
StatefulSetSpec 1:replicas:i 2:selector:m79 3:template:m197 4:volumeClaimTemplates:*m77 5:serviceName:s 6:podManagementPolicy:s? 7:updateStrategy:m427 8:revisionHistoryLimit:i 9:minReadySeconds:i? 10:persistentVolumeClaimRetentionPolicy:m429 11:ordinals:m430
StatefulSetUpdateStrategy 1:type:s? 2:rollingUpdate:m428
RollingUpdateStatefulSetStrategy 1:partition:i 2:maxUnavailable:m144
StatefulSetPersistentVolumeClaimRetentionPolicy 1:whenDeleted:s? 2:whenScaled:s?
StatefulSetOrdinals 1:start:i
StatefulSetStatus 1:observedGeneration:l? 2:replicas:i 3:readyReplicas:i? 4:currentReplicas:i? 5:updatedReplicas:i? 6:currentRevision:s? 7:updateRevision:s? 9:collisionCount:i 10:conditions:*m432 11:availableReplicas:i
StatefulSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
SelfSubjectReview 1:metadata:m1 2:status:m434
SelfSubjectReviewStatus 1:userInfo:m435
UserInfo 1:username:s? 2:uid:s? 3:groups:*s 4:extra:%m436
ExtraValue=list 1:items:*s
TokenRequest 1:metadata:m1 2:spec:m438 3:status:m440
TokenRequestSpec 1:audiences:*s 4:expirationSeconds:l 3:boundObjectRef:m439
BoundObjectReference 1:kind:s? 2:apiVersion:s? 3:name:s? 4:uid:s?
TokenRequestStatus 1:token:s 2:expirationTimestamp:m2
TokenReview 1:metadata:m1 2:spec:m442 3:status:m443
TokenReviewSpec 1:token:s? 2:audiences:*s
TokenReviewStatus 1:authenticated:b? 2:user:m435 4:audiences:*s 3:error:s?
SelfSubjectReview 1:metadata:m1 2:status:m445
SelfSubjectReviewStatus 1:userInfo:m435
SelfSubjectReview 1:metadata:m1 2:status:m447
SelfSubjectReviewStatus 1:userInfo:m435
TokenReview 1:metadata:m1 2:spec:m449 3:status:m450
TokenReviewSpec 1:token:s? 2:audiences:*s
TokenReviewStatus 1:authenticated:b? 2:user:m451 4:audiences:*s 3:error:s?
UserInfo 1:username:s? 2:uid:s? 3:groups:*s 4:extra:%m452
ExtraValue=list 1:items:*s
LocalSubjectAccessReview 1:metadata:m1 2:spec:m454 3:status:m461
SubjectAccessReviewSpec 1:resourceAttributes:m455 2:nonResourceAttributes:m459 3:user:s? 4:groups:*s 5:extra:%m460 6:uid:s?
ResourceAttributes 1:namespace:s? 2:verb:s? 3:group:s? 4:version:s? 5:resource:s? 6:subresource:s? 7:name:s? 8:fieldSelector:m456 9:labelSelector:m458
FieldSelectorAttributes 1:rawSelector:s? 2:requirements:*m457
FieldSelectorRequirement 1:key:s 2:operator:s 3:values:*s
LabelSelectorAttributes 1:rawSelector:s? 2:requirements:*m80
NonResourceAttributes 1:path:s? 2:verb:s?
ExtraValue=list 1:items:*s
SubjectAccessReviewStatus 1:allowed:b 4:denied:b? 2:reason:s? 3:evaluationError:s?
SelfSubjectAccessReview 1:metadata:m1 2:spec:m463 3:status:m461
SelfSubjectAccessReviewSpec 1:resourceAttributes:m455 2:nonResourceAttributes:m459
SelfSubjectRulesReview 1:metadata:m1 2:spec:m465 3:status:m466
SelfSubjectRulesReviewSpec 1:namespace:s?
SubjectRulesReviewStatus 1:resourceRules:*m467 2:nonResourceRules:*m468 3:incomplete:b 4:evaluationError:s?
ResourceRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:resourceNames:*s
NonResourceRule 1:verbs:*s 2:nonResourceURLs:*s
SubjectAccessReview 1:metadata:m1 2:spec:m454 3:status:m461
LocalSubjectAccessReview 1:metadata:m1 2:spec:m471 3:status:m475
SubjectAccessReviewSpec 1:resourceAttributes:m472 2:nonResourceAttributes:m473 3:user:s? 4:group:*s 5:extra:%m474 6:uid:s?
ResourceAttributes 1:namespace:s? 2:verb:s? 3:group:s? 4:version:s? 5:resource:s? 6:subresource:s? 7:name:s? 8:fieldSelector:m456 9:labelSelector:m458
NonResourceAttributes 1:path:s? 2:verb:s?
ExtraValue=list 1:items:*s
SubjectAccessReviewStatus 1:allowed:b 4:denied:b? 2:reason:s? 3:evaluationError:s?
SelfSubjectAccessReview 1:metadata:m1 2:spec:m477 3:status:m475
SelfSubjectAccessReviewSpec 1:resourceAttributes:m472 2:nonResourceAttributes:m473
SelfSubjectRulesReview 1:metadata:m1 2:spec:m479 3:status:m480
SelfSubjectRulesReviewSpec 1:namespace:s?
SubjectRulesReviewStatus 1:resourceRules:*m481 2:nonResourceRules:*m482 3:incomplete:b 4:evaluationError:s?
ResourceRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:resourceNames:*s
NonResourceRule 1:verbs:*s 2:nonResourceURLs:*s
SubjectAccessReview 1:metadata:m1 2:spec:m471 3:status:m475
HorizontalPodAutoscaler 1:metadata:m1 2:spec:m485 3:status:m487
HorizontalPodAutoscalerSpec 1:scaleTargetRef:m486 2:minReplicas:i 3:maxReplicas:i 4:targetCPUUtilizationPercentage:i
CrossVersionObjectReference 1:kind:s 2:name:s 3:apiVersion:s?
HorizontalPodAutoscalerStatus 1:observedGeneration:l 2:lastScaleTime:m2 3:currentReplicas:i 4:desiredReplicas:i 5:currentCPUUtilizationPercentage:i
Scale 1:metadata:m1 2:spec:m489 3:status:m490
ScaleSpec 1:replicas:i?
ScaleStatus 1:replicas:i 2:selector:s?
HorizontalPodAutoscaler 1:metadata:m1 2:spec:m492 3:status:m505
HorizontalPodAutoscalerSpec 1:scaleTargetRef:m493 2:minReplicas:i 3:maxReplicas:i 4:metrics:*m494 5:behavior:m502
CrossVersionObjectReference 1:kind:s 2:name:s 3:apiVersion:s?
MetricSpec 1:type:s 2:object:m495 3:pods:m498 4:resource:m499 7:containerResource:m500 5:external:m501
ObjectMetricSource 1:describedObject:m493 2:target:m496 3:metric:m497
MetricTarget 1:type:s 2:value:m23 3:averageValue:m23 4:averageUtilization:i
MetricIdentifier 1:name:s 2:selector:m79
PodsMetricSource 1:metric:m497 2:target:m496
ResourceMetricSource 1:name:s 2:target:m496
ContainerResourceMetricSource 1:name:s 2:target:m496 3:container:s
ExternalMetricSource 1:metric:m497 2:target:m496
HorizontalPodAutoscalerBehavior 1:scaleUp:m503 2:scaleDown:m503
HPAScalingRules 3:stabilizationWindowSeconds:i 1:selectPolicy:s 2:policies:*m504 4:tolerance:m23
HPAScalingPolicy 1:type:s 2:value:i 3:periodSeconds:i
HorizontalPodAutoscalerStatus 1:observedGeneration:l 2:lastScaleTime:m2 3:currentReplicas:i? 4:desiredReplicas:i 5:currentMetrics:*m506 6:conditions:*m513
MetricStatus 1:type:s 2:object:m507 3:pods:m509 4:resource:m510 7:containerResource:m511 5:external:m512
ObjectMetricStatus 1:metric:m497 2:current:m508 3:describedObject:m493
MetricValueStatus 1:value:m23 2:averageValue:m23 3:averageUtilization:i
PodsMetricStatus 1:metric:m497 2:current:m508
ResourceMetricStatus 1:name:s 2:current:m508
ContainerResourceMetricStatus 1:name:s 2:current:m508 3:container:s
ExternalMetricStatus 1:metric:m497 2:current:m508
HorizontalPodAutoscalerCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
HorizontalPodAutoscaler 1:metadata:m1 2:spec:m515 3:status:m523
HorizontalPodAutoscalerSpec 1:scaleTargetRef:m516 2:minReplicas:i 3:maxReplicas:i 4:metrics:*m517
CrossVersionObjectReference 1:kind:s 2:name:s 3:apiVersion:s?
MetricSpec 1:type:s 2:object:m518 3:pods:m519 4:resource:m520 7:containerResource:m521 5:external:m522
ObjectMetricSource 1:target:m516 2:metricName:s 3:targetValue:m23 4:selector:m79 5:averageValue:m23
PodsMetricSource 1:metricName:s 2:targetAverageValue:m23 3:selector:m79
ResourceMetricSource 1:name:s 2:targetAverageUtilization:i 3:targetAverageValue:m23
ContainerResourceMetricSource 1:name:s 2:targetAverageUtilization:i 3:targetAverageValue:m23 4:container:s
ExternalMetricSource 1:metricName:s 2:metricSelector:m79 3:targetValue:m23 4:targetAverageValue:m23
HorizontalPodAutoscalerStatus 1:observedGeneration:l 2:lastScaleTime:m2 3:currentReplicas:i 4:desiredReplicas:i 5:currentMetrics:*m524 6:conditions:*m530
MetricStatus 1:type:s 2:object:m525 3:pods:m526 4:resource:m527 7:containerResource:m528 5:external:m529
ObjectMetricStatus 1:target:m516 2:metricName:s 3:currentValue:m23 4:selector:m79 5:averageValue:m23
PodsMetricStatus 1:metricName:s 2:currentAverageValue:m23 3:selector:m79
ResourceMetricStatus 1:name:s 2:currentAverageUtilization:i 3:currentAverageValue:m23
ContainerResourceMetricStatus 1:name:s 2:currentAverageUtilization:i 3:currentAverageValue:m23 4:container:s
ExternalMetricStatus 1:metricName:s 2:metricSelector:m79 3:currentValue:m23 4:currentAverageValue:m23
HorizontalPodAutoscalerCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
HorizontalPodAutoscaler 1:metadata:m1 2:spec:m532 3:status:m545
HorizontalPodAutoscalerSpec 1:scaleTargetRef:m533 2:minReplicas:i 3:maxReplicas:i 4:metrics:*m534 5:behavior:m542
CrossVersionObjectReference 1:kind:s 2:name:s 3:apiVersion:s?
MetricSpec 1:type:s 2:object:m535 3:pods:m538 4:resource:m539 7:containerResource:m540 5:external:m541
ObjectMetricSource 1:describedObject:m533 2:target:m536 3:metric:m537
MetricTarget 1:type:s 2:value:m23 3:averageValue:m23 4:averageUtilization:i
MetricIdentifier 1:name:s 2:selector:m79
PodsMetricSource 1:metric:m537 2:target:m536
ResourceMetricSource 1:name:s 2:target:m536
ContainerResourceMetricSource 1:name:s 2:target:m536 3:container:s
ExternalMetricSource 1:metric:m537 2:target:m536
HorizontalPodAutoscalerBehavior 1:scaleUp:m543 2:scaleDown:m543
HPAScalingRules 3:stabilizationWindowSeconds:i 1:selectPolicy:s 2:policies:*m544
HPAScalingPolicy 1:type:s 2:value:i 3:periodSeconds:i
HorizontalPodAutoscalerStatus 1:observedGeneration:l 2:lastScaleTime:m2 3:currentReplicas:i 4:desiredReplicas:i 5:currentMetrics:*m546 6:conditions:*m553
MetricStatus 1:type:s 2:object:m547 3:pods:m549 4:resource:m550 7:containerResource:m551 5:external:m552
ObjectMetricStatus 1:metric:m537 2:current:m548 3:describedObject:m533
MetricValueStatus 1:value:m23 2:averageValue:m23 3:averageUtilization:i
PodsMetricStatus 1:metric:m537 2:current:m548
ResourceMetricStatus 1:name:s 2:current:m548
ContainerResourceMetricStatus 1:name:s 2:current:m548 3:container:s
ExternalMetricStatus 1:metric:m537 2:current:m548
HorizontalPodAutoscalerCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
CronJob 1:metadata:m1 2:spec:m555 3:status:m564
CronJobSpec 1:schedule:s 8:timeZone:s 2:startingDeadlineSeconds:l 3:concurrencyPolicy:s? 4:suspend:b 5:jobTemplate:m556 6:successfulJobsHistoryLimit:i 7:failedJobsHistoryLimit:i
JobTemplateSpec 1:metadata:m1 2:spec:m557
JobSpec 1:parallelism:i 2:completions:i 3:activeDeadlineSeconds:l 11:podFailurePolicy:m558 16:successPolicy:m562 7:backoffLimit:i 12:backoffLimitPerIndex:i 13:maxFailedIndexes:i 4:selector:m79 5:manualSelector:b 6:template:m197 8:ttlSecondsAfterFinished:i 9:completionMode:s 10:suspend:b 14:podReplacementPolicy:s 15:managedBy:s
PodFailurePolicy 1:rules:*m559
PodFailurePolicyRule 1:action:s 2:onExitCodes:m560 3:onPodConditions:*m561
PodFailurePolicyOnExitCodesRequirement 1:containerName:s 2:operator:s 3:values:*i
PodFailurePolicyOnPodConditionsPattern 1:type:s 2:status:s
SuccessPolicy 1:rules:*m563
SuccessPolicyRule 1:succeededIndexes:s 2:succeededCount:i
CronJobStatus 1:active:*m6 4:lastScheduleTime:m2 5:lastSuccessfulTime:m2
Job 1:metadata:m1 2:spec:m557 3:status:m566
JobStatus 1:conditions:*m567 2:startTime:m2 3:completionTime:m2 4:active:i? 5:succeeded:i? 6:failed:i? 11:terminating:i 7:completedIndexes:s? 10:failedIndexes:s 8:uncountedTerminatedPods:m568 9:ready:i
JobCondition 1:type:s 2:status:s 3:lastProbeTime:m2 4:lastTransitionTime:m2 5:reason:s? 6:message:s?
UncountedTerminatedPods 1:succeeded:*s 2:failed:*s
CronJob 1:metadata:m1 2:spec:m570 3:status:m572
CronJobSpec 1:schedule:s 8:timeZone:s 2:startingDeadlineSeconds:l 3:concurrencyPolicy:s? 4:suspend:b 5:jobTemplate:m571 6:successfulJobsHistoryLimit:i 7:failedJobsHistoryLimit:i
JobTemplateSpec 1:metadata:m1 2:spec:m557
CronJobStatus 1:active:*m6 4:lastScheduleTime:m2 5:lastSuccessfulTime:m2
CertificateSigningRequest 1:metadata:m1 2:spec:m574 3:status:m576
CertificateSigningRequestSpec 1:request:y 7:signerName:s 8:expirationSeconds:i 5:usages:*s 2:username:s? 3:uid:s? 4:groups:*s 6:extra:%m575
ExtraValue=list 1:items:*s
CertificateSigningRequestStatus 1:conditions:*m577 2:certificate:y?
CertificateSigningRequestCondition 1:type:s 6:status:s 2:reason:s? 3:message:s? 4:lastUpdateTime:m2 5:lastTransitionTime:m2
ClusterTrustBundle 1:metadata:m1 2:spec:m579
ClusterTrustBundleSpec 1:signerName:s? 2:trustBundle:s
CertificateSigningRequest 1:metadata:m1 2:spec:m581 3:status:m583
CertificateSigningRequestSpec 1:request:y 7:signerName:s 8:expirationSeconds:i 5:usages:*s 2:username:s? 3:uid:s? 4:groups:*s 6:extra:%m582
ExtraValue=list 1:items:*s
CertificateSigningRequestStatus 1:conditions:*m584 2:certificate:y?
CertificateSigningRequestCondition 1:type:s 6:status:s 2:reason:s? 3:message:s? 4:lastUpdateTime:m2 5:lastTransitionTime:m2
ClusterTrustBundle 1:metadata:m1 2:spec:m586
ClusterTrustBundleSpec 1:signerName:s? 2:trustBundle:s
PodCertificateRequest 1:metadata:m1 2:spec:m588 3:status:m589
PodCertificateRequestSpec 1:signerName:s 2:podName:s 3:podUID:s 4:serviceAccountName:s 5:serviceAccountUID:s 6:nodeName:s 7:nodeUID:s 8:maxExpirationSeconds:i 9:pkixPublicKey:y 10:proofOfPossession:y 11:unverifiedUserAnnotations:%s
PodCertificateRequestStatus 1:conditions:*m219 2:certificateChain:s? 4:notBefore:m2 5:beginRefreshAt:m2 6:notAfter:m2
Lease 1:metadata:m1 2:spec:m591
LeaseSpec 1:holderIdentity:s 2:leaseDurationSeconds:i 3:acquireTime:m18 4:renewTime:m18 5:leaseTransitions:i 6:strategy:s 7:preferredHolder:s
LeaseCandidate 1:metadata:m1 2:spec:m593
LeaseCandidateSpec 1:leaseName:s 2:pingTime:m18 3:renewTime:m18 4:binaryVersion:s 5:emulationVersion:s? 6:strategy:s?
Lease 1:metadata:m1 2:spec:m595
LeaseSpec 1:holderIdentity:s 2:leaseDurationSeconds:i 3:acquireTime:m18 4:renewTime:m18 5:leaseTransitions:i 6:strategy:s 7:preferredHolder:s
LeaseCandidate 1:metadata:m1 2:spec:m597
LeaseCandidateSpec 1:leaseName:s 2:pingTime:m18 3:renewTime:m18 4:binaryVersion:s 5:emulationVersion:s? 6:strategy:s?
EndpointSlice 1:metadata:m1 4:addressType:s 2:endpoints:*m599 3:ports:*m604
Endpoint 1:addresses:*s 2:conditions:m600 3:hostname:s 4:targetRef:m6 5:deprecatedTopology:%s 6:nodeName:s 7:zone:s 8:hints:m601
EndpointConditions 1:ready:b 2:serving:b 3:terminating:b
EndpointHints 1:forZones:*m602 2:forNodes:*m603
ForZone 1:name:s
ForNode 1:name:s
EndpointPort 1:name:s 2:protocol:s 3:port:i 4:appProtocol:s
EndpointSlice 1:metadata:m1 4:addressType:s 2:endpoints:*m606 3:ports:*m611
Endpoint 1:addresses:*s 2:conditions:m607 3:hostname:s 4:targetRef:m6 5:topology:%s 6:nodeName:s 7:hints:m608
EndpointConditions 1:ready:b 2:serving:b 3:terminating:b
EndpointHints 1:forZones:*m609 2:forNodes:*m610
ForZone 1:name:s
ForNode 1:name:s
EndpointPort 1:name:s 2:protocol:s 3:port:i 4:appProtocol:s
Event 1:metadata:m1 2:eventTime:m18 3:series:m613 4:reportingController:s? 5:reportingInstance:s? 6:action:s? 7:reason:s? 8:regarding:m6 9:related:m6 10:note:s? 11:type:s? 12:deprecatedSource:m17 13:deprecatedFirstTimestamp:m2 14:deprecatedLastTimestamp:m2 15:deprecatedCount:i?
EventSeries 1:count:i 2:lastObservedTime:m18
Event 1:metadata:m1 2:eventTime:m18 3:series:m615 4:reportingController:s? 5:reportingInstance:s? 6:action:s? 7:reason:s? 8:regarding:m6 9:related:m6 10:note:s? 11:type:s? 12:deprecatedSource:m17 13:deprecatedFirstTimestamp:m2 14:deprecatedLastTimestamp:m2 15:deprecatedCount:i?
EventSeries 1:count:i 2:lastObservedTime:m18
DaemonSet 1:metadata:m1 2:spec:m617 3:status:m620
DaemonSetSpec 1:selector:m79 2:template:m197 3:updateStrategy:m618 4:minReadySeconds:i? 5:templateGeneration:l? 6:revisionHistoryLimit:i
DaemonSetUpdateStrategy 1:type:s? 2:rollingUpdate:m619
RollingUpdateDaemonSet 1:maxUnavailable:m144 2:maxSurge:m144
DaemonSetStatus 1:currentNumberScheduled:i 2:numberMisscheduled:i 3:desiredNumberScheduled:i 4:numberReady:i 5:observedGeneration:l? 6:updatedNumberScheduled:i? 7:numberAvailable:i? 8:numberUnavailable:i? 9:collisionCount:i 10:conditions:*m621
DaemonSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
Deployment 1:metadata:m1 2:spec:m623 3:status:m627
DeploymentSpec 1:replicas:i 2:selector:m79 3:template:m197 4:strategy:m624 5:minReadySeconds:i? 6:revisionHistoryLimit:i 7:paused:b? 8:rollbackTo:m626 9:progressDeadlineSeconds:i
DeploymentStrategy 1:type:s? 2:rollingUpdate:m625
RollingUpdateDeployment 1:maxUnavailable:m144 2:maxSurge:m144
RollbackConfig 1:revision:l?
DeploymentStatus 1:observedGeneration:l? 2:replicas:i? 3:updatedReplicas:i? 7:readyReplicas:i? 4:availableReplicas:i? 5:unavailableReplicas:i? 9:terminatingReplicas:i 6:conditions:*m628 8:collisionCount:i
DeploymentCondition 1:type:s 2:status:s 6:lastUpdateTime:m2 7:lastTransitionTime:m2 4:reason:s? 5:message:s?
DeploymentRollback 1:name:s 2:updatedAnnotations:%s 3:rollbackTo:m626
Ingress 1:metadata:m1 2:spec:m631 3:status:m638
IngressSpec 4:ingressClassName:s 1:backend:m632 2:tls:*m633 3:rules:*m634
IngressBackend 1:serviceName:s? 2:servicePort:m144 3:resource:m82
IngressTLS 1:hosts:*s 2:secretName:s?
IngressRule 1:host:s? 2::m635
IngressRuleValue 1:http:m636
HTTPIngressRuleValue 1:paths:*m637
HTTPIngressPath 1:path:s? 3:pathType:s 2:backend:m632
IngressStatus 1:loadBalancer:m639
IngressLoadBalancerStatus 1:ingress:*m640
IngressLoadBalancerIngress 1:ip:s? 2:hostname:s? 4:ports:*m641
IngressPortStatus 1:port:i 2:protocol:s 3:error:s
NetworkPolicy 1:metadata:m1 2:spec:m643
NetworkPolicySpec 1:podSelector:m79 2:ingress:*m644 3:egress:*m648 4:policyTypes:*s
NetworkPolicyIngressRule 1:ports:*m645 2:from:*m646
NetworkPolicyPort 1:protocol:s 2:port:m144 3:endPort:i
NetworkPolicyPeer 1:podSelector:m79 2:namespaceSelector:m79 3:ipBlock:m647
IPBlock 1:cidr:s 2:except:*s
NetworkPolicyEgressRule 1:ports:*m645 2:to:*m646
ReplicaSet 1:metadata:m1 2:spec:m650 3:status:m651
ReplicaSetSpec 1:replicas:i 4:minReadySeconds:i? 2:selector:m79 3:template:m197
ReplicaSetStatus 1:replicas:i 2:fullyLabeledReplicas:i? 4:readyReplicas:i? 5:availableReplicas:i? 7:terminatingReplicas:i 3:observedGeneration:l? 6:conditions:*m652
ReplicaSetCondition 1:type:s 2:status:s 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
Scale 1:metadata:m1 2:spec:m654 3:status:m655
ScaleSpec 1:replicas:i?
ScaleStatus 1:replicas:i 2:selector:%s 3:targetSelector:s?
FlowSchema 1:metadata:m1 2:spec:m657 3:status:m667
FlowSchemaSpec 1:priorityLevelConfiguration:m658 2:matchingPrecedence:i 3:distinguisherMethod:m659 4:rules:*m660
PriorityLevelConfigurationReference 1:name:s
FlowDistinguisherMethod 1:type:s
PolicyRulesWithSubjects 1:subjects:*m661 2:resourceRules:*m665 3:nonResourceRules:*m666
Subject 1:kind:s 2:user:m662 3:group:m663 4:serviceAccount:m664
UserSubject 1:name:s
GroupSubject 1:name:s
ServiceAccountSubject 1:namespace:s 2:name:s
ResourcePolicyRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:clusterScope:b? 5:namespaces:*s
NonResourcePolicyRule 1:verbs:*s 6:nonResourceURLs:*s
FlowSchemaStatus 1:conditions:*m668
FlowSchemaCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
PriorityLevelConfiguration 1:metadata:m1 2:spec:m670 3:status:m675
PriorityLevelConfigurationSpec 1:type:s 2:limited:m671 3:exempt:m674
LimitedPriorityLevelConfiguration 1:nominalConcurrencyShares:i 2:limitResponse:m672 3:lendablePercent:i 4:borrowingLimitPercent:i
LimitResponse 1:type:s 2:queuing:m673
QueuingConfiguration 1:queues:i 2:handSize:i 3:queueLengthLimit:i
ExemptPriorityLevelConfiguration 1:nominalConcurrencyShares:i 2:lendablePercent:i
PriorityLevelConfigurationStatus 1:conditions:*m676
PriorityLevelConfigurationCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
FlowSchema 1:metadata:m1 2:spec:m678 3:status:m688
FlowSchemaSpec 1:priorityLevelConfiguration:m679 2:matchingPrecedence:i 3:distinguisherMethod:m680 4:rules:*m681
PriorityLevelConfigurationReference 1:name:s
FlowDistinguisherMethod 1:type:s
PolicyRulesWithSubjects 1:subjects:*m682 2:resourceRules:*m686 3:nonResourceRules:*m687
Subject 1:kind:s 2:user:m683 3:group:m684 4:serviceAccount:m685
UserSubject 1:name:s
GroupSubject 1:name:s
ServiceAccountSubject 1:namespace:s 2:name:s
ResourcePolicyRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:clusterScope:b? 5:namespaces:*s
NonResourcePolicyRule 1:verbs:*s 6:nonResourceURLs:*s
FlowSchemaStatus 1:conditions:*m689
FlowSchemaCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
PriorityLevelConfiguration 1:metadata:m1 2:spec:m691 3:status:m696
PriorityLevelConfigurationSpec 1:type:s 2:limited:m692 3:exempt:m695
LimitedPriorityLevelConfiguration 1:assuredConcurrencyShares:i 2:limitResponse:m693 3:lendablePercent:i 4:borrowingLimitPercent:i
LimitResponse 1:type:s 2:queuing:m694
QueuingConfiguration 1:queues:i 2:handSize:i 3:queueLengthLimit:i
ExemptPriorityLevelConfiguration 1:nominalConcurrencyShares:i 2:lendablePercent:i
PriorityLevelConfigurationStatus 1:conditions:*m697
PriorityLevelConfigurationCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
FlowSchema 1:metadata:m1 2:spec:m699 3:status:m709
FlowSchemaSpec 1:priorityLevelConfiguration:m700 2:matchingPrecedence:i 3:distinguisherMethod:m701 4:rules:*m702
PriorityLevelConfigurationReference 1:name:s
FlowDistinguisherMethod 1:type:s
PolicyRulesWithSubjects 1:subjects:*m703 2:resourceRules:*m707 3:nonResourceRules:*m708
Subject 1:kind:s 2:user:m704 3:group:m705 4:serviceAccount:m706
UserSubject 1:name:s
GroupSubject 1:name:s
ServiceAccountSubject 1:namespace:s 2:name:s
ResourcePolicyRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:clusterScope:b? 5:namespaces:*s
NonResourcePolicyRule 1:verbs:*s 6:nonResourceURLs:*s
FlowSchemaStatus 1:conditions:*m710
FlowSchemaCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
PriorityLevelConfiguration 1:metadata:m1 2:spec:m712 3:status:m717
PriorityLevelConfigurationSpec 1:type:s 2:limited:m713 3:exempt:m716
LimitedPriorityLevelConfiguration 1:assuredConcurrencyShares:i 2:limitResponse:m714 3:lendablePercent:i 4:borrowingLimitPercent:i
LimitResponse 1:type:s 2:queuing:m715
QueuingConfiguration 1:queues:i 2:handSize:i 3:queueLengthLimit:i
ExemptPriorityLevelConfiguration 1:nominalConcurrencyShares:i 2:lendablePercent:i
PriorityLevelConfigurationStatus 1:conditions:*m718
PriorityLevelConfigurationCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
FlowSchema 1:metadata:m1 2:spec:m720 3:status:m730
FlowSchemaSpec 1:priorityLevelConfiguration:m721 2:matchingPrecedence:i 3:distinguisherMethod:m722 4:rules:*m723
PriorityLevelConfigurationReference 1:name:s
FlowDistinguisherMethod 1:type:s
PolicyRulesWithSubjects 1:subjects:*m724 2:resourceRules:*m728 3:nonResourceRules:*m729
Subject 1:kind:s 2:user:m725 3:group:m726 4:serviceAccount:m727
UserSubject 1:name:s
GroupSubject 1:name:s
ServiceAccountSubject 1:namespace:s 2:name:s
ResourcePolicyRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:clusterScope:b? 5:namespaces:*s
NonResourcePolicyRule 1:verbs:*s 6:nonResourceURLs:*s
FlowSchemaStatus 1:conditions:*m731
FlowSchemaCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
PriorityLevelConfiguration 1:metadata:m1 2:spec:m733 3:status:m738
PriorityLevelConfigurationSpec 1:type:s 2:limited:m734 3:exempt:m737
LimitedPriorityLevelConfiguration 1:nominalConcurrencyShares:i 2:limitResponse:m735 3:lendablePercent:i 4:borrowingLimitPercent:i
LimitResponse 1:type:s 2:queuing:m736
QueuingConfiguration 1:queues:i 2:handSize:i 3:queueLengthLimit:i
ExemptPriorityLevelConfiguration 1:nominalConcurrencyShares:i 2:lendablePercent:i
PriorityLevelConfigurationStatus 1:conditions:*m739
PriorityLevelConfigurationCondition 1:type:s? 2:status:s? 3:lastTransitionTime:m2 4:reason:s? 5:message:s?
StorageVersion 1:metadata:m1 2:spec:m741 3:status:m742
StorageVersionSpec
StorageVersionStatus 1:storageVersions:*m743 2:commonEncodingVersion:s 3:conditions:*m744
ServerStorageVersion 1:apiServerID:s? 2:encodingVersion:s? 3:decodableVersions:*s 4:servedVersions:*s
StorageVersionCondition 1:type:s 2:status:s 3:observedGeneration:l? 4:lastTransitionTime:m2 5:reason:s 6:message:s?
IPAddress 1:metadata:m1 2:spec:m746
IPAddressSpec 1:parentRef:m747
ParentReference 1:group:s? 2:resource:s? 3:namespace:s? 4:name:s?
Ingress 1:metadata:m1 2:spec:m749 3:status:m758
IngressSpec 4:ingressClassName:s 1:defaultBackend:m750 2:tls:*m753 3:rules:*m754
IngressBackend 4:service:m751 3:resource:m82
IngressServiceBackend 1:name:s 2:port:m752
ServiceBackendPort 1:name:s? 2:number:i?
IngressTLS 1:hosts:*s 2:secretName:s?
IngressRule 1:host:s? 2::m755
IngressRuleValue 1:http:m756
HTTPIngressRuleValue 1:paths:*m757
HTTPIngressPath 1:path:s? 3:pathType:s 2:backend:m750
IngressStatus 1:loadBalancer:m759
IngressLoadBalancerStatus 1:ingress:*m760
IngressLoadBalancerIngress 1:ip:s? 2:hostname:s? 4:ports:*m761
IngressPortStatus 1:port:i 2:protocol:s 3:error:s
IngressClass 1:metadata:m1 2:spec:m763
IngressClassSpec 1:controller:s? 2:parameters:m764
IngressClassParametersReference 1:apiGroup:s 2:kind:s 3:name:s 4:scope:s 5:namespace:s
NetworkPolicy 1:metadata:m1 2:spec:m766
NetworkPolicySpec 1:podSelector:m79 2:ingress:*m767 3:egress:*m771 4:policyTypes:*s
NetworkPolicyIngressRule 1:ports:*m768 2:from:*m769
NetworkPolicyPort 1:protocol:s 2:port:m144 3:endPort:i
NetworkPolicyPeer 1:podSelector:m79 2:namespaceSelector:m79 3:ipBlock:m770
IPBlock 1:cidr:s 2:except:*s
NetworkPolicyEgressRule 1:ports:*m768 2:to:*m769
ServiceCIDR 1:metadata:m1 2:spec:m773 3:status:m774
ServiceCIDRSpec 1:cidrs:*s
ServiceCIDRStatus 1:conditions:*m219
IPAddress 1:metadata:m1 2:spec:m776
IPAddressSpec 1:parentRef:m777
ParentReference 1:group:s? 2:resource:s? 3:namespace:s? 4:name:s?
Ingress 1:metadata:m1 2:spec:m779 3:status:m786
IngressSpec 4:ingressClassName:s 1:backend:m780 2:tls:*m781 3:rules:*m782
IngressBackend 1:serviceName:s? 2:servicePort:m144 3:resource:m82
IngressTLS 1:hosts:*s 2:secretName:s?
IngressRule 1:host:s? 2::m783
IngressRuleValue 1:http:m784
HTTPIngressRuleValue 1:paths:*m785
HTTPIngressPath 1:path:s? 3:pathType:s 2:backend:m780
IngressStatus 1:loadBalancer:m787
IngressLoadBalancerStatus 1:ingress:*m788
IngressLoadBalancerIngress 1:ip:s? 2:hostname:s? 4:ports:*m789
IngressPortStatus 1:port:i 2:protocol:s 3:error:s
IngressClass 1:metadata:m1 2:spec:m791
IngressClassSpec 1:controller:s? 2:parameters:m792
IngressClassParametersReference 1:apiGroup:s 2:kind:s 3:name:s 4:scope:s 5:namespace:s
ServiceCIDR 1:metadata:m1 2:spec:m794 3:status:m795
ServiceCIDRSpec 1:cidrs:*s
ServiceCIDRStatus 1:conditions:*m219
RuntimeClass 1:metadata:m1 2:handler:s 3:overhead:m797 4:scheduling:m798
Overhead 1:podFixed:%m23
Scheduling 1:nodeSelector:%s 2:tolerations:*m168
RuntimeClass 1:metadata:m1 2:spec:m800
RuntimeClassSpec 1:runtimeHandler:s 2:overhead:m801 3:scheduling:m802
Overhead 1:podFixed:%m23
Scheduling 1:nodeSelector:%s 2:tolerations:*m168
RuntimeClass 1:metadata:m1 2:handler:s 3:overhead:m804 4:scheduling:m805
Overhead 1:podFixed:%m23
Scheduling 1:nodeSelector:%s 2:tolerations:*m168
Eviction 1:metadata:m1 2:deleteOptions:m10
PodDisruptionBudget 1:metadata:m1 2:spec:m808 3:status:m809
PodDisruptionBudgetSpec 1:minAvailable:m144 2:selector:m79 3:maxUnavailable:m144 4:unhealthyPodEvictionPolicy:s
PodDisruptionBudgetStatus 1:observedGeneration:l? 2:disruptedPods:%m2 3:disruptionsAllowed:i 4:currentHealthy:i 5:desiredHealthy:i 6:expectedPods:i 7:conditions:*m219
Eviction 1:metadata:m1 2:deleteOptions:m10
PodDisruptionBudget 1:metadata:m1 2:spec:m812 3:status:m813
PodDisruptionBudgetSpec 1:minAvailable:m144 2:selector:m79 3:maxUnavailable:m144 4:unhealthyPodEvictionPolicy:s
PodDisruptionBudgetStatus 1:observedGeneration:l? 2:disruptedPods:%m2 3:disruptionsAllowed:i 4:currentHealthy:i 5:desiredHealthy:i 6:expectedPods:i 7:conditions:*m219
ClusterRole 1:metadata:m1 2:rules:*m815 3:aggregationRule:m816
PolicyRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:resourceNames:*s 5:nonResourceURLs:*s
AggregationRule 1:clusterRoleSelectors:*m79
ClusterRoleBinding 1:metadata:m1 2:subjects:*m818 3:roleRef:m819
Subject 1:kind:s 2:apiGroup:s? 3:name:s 4:namespace:s?
RoleRef 1:apiGroup:s 2:kind:s 3:name:s
Role 1:metadata:m1 2:rules:*m815
RoleBinding 1:metadata:m1 2:subjects:*m818 3:roleRef:m819
ClusterRole 1:metadata:m1 2:rules:*m823 3:aggregationRule:m824
PolicyRule 1:verbs:*s 3:apiGroups:*s 4:resources:*s 5:resourceNames:*s 6:nonResourceURLs:*s
AggregationRule 1:clusterRoleSelectors:*m79
ClusterRoleBinding 1:metadata:m1 2:subjects:*m826 3:roleRef:m827
Subject 1:kind:s 2:apiVersion:s? 3:name:s 4:namespace:s?
RoleRef 1:apiGroup:s 2:kind:s 3:name:s
Role 1:metadata:m1 2:rules:*m823
RoleBinding 1:metadata:m1 2:subjects:*m826 3:roleRef:m827
ClusterRole 1:metadata:m1 2:rules:*m831 3:aggregationRule:m832
PolicyRule 1:verbs:*s 2:apiGroups:*s 3:resources:*s 4:resourceNames:*s 5:nonResourceURLs:*s
AggregationRule 1:clusterRoleSelectors:*m79
ClusterRoleBinding 1:metadata:m1 2:subjects:*m834 3:roleRef:m835
Subject 1:kind:s 2:apiGroup:s? 3:name:s 4:namespace:s?
RoleRef 1:apiGroup:s 2:kind:s 3:name:s
Role 1:metadata:m1 2:rules:*m831
RoleBinding 1:metadata:m1 2:subjects:*m834 3:roleRef:m835
DeviceClass 1:metadata:m1 2:spec:m839
DeviceClassSpec 1:selectors:*m840 2:config:*m842 4:extendedResourceName:s
DeviceSelector 1:cel:m841
CELDeviceSelector 1:expression:s
DeviceClassConfiguration 1::m843
DeviceConfiguration 1:opaque:m844
OpaqueDeviceConfiguration 1:driver:s 2:parameters:m296
ResourceClaim 1:metadata:m1 2:spec:m846 3:status:m855
ResourceClaimSpec 1:devices:m847
DeviceClaim 1:requests:*m848 2:constraints:*m853 3:config:*m854
DeviceRequest 1:name:s 2:exactly:m849 3:firstAvailable:*m852
ExactDeviceRequest 1:deviceClassName:s 2:selectors:*m840 3:allocationMode:s? 4:count:l? 5:adminAccess:b 6:tolerations:*m850 7:capacity:m851
DeviceToleration 1:key:s? 2:operator:s? 3:value:s? 4:effect:s? 5:tolerationSeconds:l
CapacityRequirements 1:requests:%m23
DeviceSubRequest 1:name:s 2:deviceClassName:s 3:selectors:*m840 4:allocationMode:s? 5:count:l? 6:tolerations:*m850 7:capacity:m851
DeviceConstraint 1:requests:*s 2:matchAttribute:s 3:distinctAttribute:s
DeviceClaimConfiguration 1:requests:*s 2::m843
ResourceClaimStatus 1:allocation:m856 2:reservedFor:*m860 4:devices:*m861
AllocationResult 1:devices:m857 3:nodeSelector:m73 5:allocationTimestamp:m2
DeviceAllocationResult 1:results:*m858 2:config:*m859
DeviceRequestAllocationResult 1:request:s 2:driver:s 3:pool:s 4:device:s 5:adminAccess:b 6:tolerations:*m850 7:bindingConditions:*s 8:bindingFailureConditions:*s 9:shareID:s 10:consumedCapacity:%m23
DeviceAllocationConfiguration 1:source:s 2:requests:*s 3::m843
ResourceClaimConsumerReference 1:apiGroup:s? 3:resource:s 4:name:s 5:uid:s
AllocatedDeviceStatus 1:driver:s 2:pool:s 3:device:s 7:shareID:s 4:conditions:*m219 5:data:m296 6:networkData:m862
NetworkDeviceData 1:interfaceName:s? 2:ips:*s 3:hardwareAddress:s?
ResourceClaimTemplate 1:metadata:m1 2:spec:m864
ResourceClaimTemplateSpec 1:metadata:m1 2:spec:m846
ResourceSlice 1:metadata:m1 2:spec:m866
ResourceSliceSpec 1:driver:s 2:pool:m867 3:nodeName:s 4:nodeSelector:m73 5:allNodes:b 6:devices:*m868 7:perDeviceNodeSelection:b 8:sharedCounters:*m876
ResourcePool 1:name:s 2:generation:l 3:resourceSliceCount:l
Device 1:name:s 2:attributes:%m869 3:capacity:%m870 4:consumesCounters:*m873 5:nodeName:s 6:nodeSelector:m73 7:allNodes:b 8:taints:*m875 9:bindsToNode:b 10:bindingConditions:*s 11:bindingFailureConditions:*s 12:allowMultipleAllocations:b
DeviceAttribute 2:int:l 3:bool:b 4:string:s 5:version:s
DeviceCapacity 1:value:m23 2:requestPolicy:m871
CapacityRequestPolicy 1:default:m23 3:validValues:*m23 4:validRange:m872
CapacityRequestPolicyRange 1:min:m23 2:max:m23 3:step:m23
DeviceCounterConsumption 1:counterSet:s 2:counters:%m874
Counter 1:value:m23
DeviceTaint 1:key:s 2:value:s? 3:effect:s 4:timeAdded:m2
CounterSet 1:name:s 2:counters:%m874
DeviceTaintRule 1:metadata:m1 2:spec:m878 3:status:m881
DeviceTaintRuleSpec 1:deviceSelector:m879 2:taint:m880
DeviceTaintSelector 2:driver:s 3:pool:s 4:device:s
DeviceTaint 1:key:s 2:value:s? 3:effect:s 4:timeAdded:m2
DeviceTaintRuleStatus 1:conditions:*m219
DeviceClass 1:metadata:m1 2:spec:m883
DeviceClassSpec 1:selectors:*m884 2:config:*m886 4:extendedResourceName:s
DeviceSelector 1:cel:m885
CELDeviceSelector 1:expression:s
DeviceClassConfiguration 1::m887
DeviceConfiguration 1:opaque:m888
OpaqueDeviceConfiguration 1:driver:s 2:parameters:m296
ResourceClaim 1:metadata:m1 2:spec:m890 3:status:m898
ResourceClaimSpec 1:devices:m891
DeviceClaim 1:requests:*m892 2:constraints:*m896 3:config:*m897
DeviceRequest 1:name:s 2:deviceClassName:s 3:selectors:*m884 4:allocationMode:s? 5:count:l? 6:adminAccess:b 7:firstAvailable:*m893 8:tolerations:*m894 9:capacity:m895
DeviceSubRequest 1:name:s 2:deviceClassName:s 3:selectors:*m884 4:allocationMode:s? 5:count:l? 7:tolerations:*m894 8:capacity:m895
DeviceToleration 1:key:s? 2:operator:s? 3:value:s? 4:effect:s? 5:tolerationSeconds:l
CapacityRequirements 1:requests:%m23
DeviceConstraint 1:requests:*s 2:matchAttribute:s 3:distinctAttribute:s
DeviceClaimConfiguration 1:requests:*s 2::m887
ResourceClaimStatus 1:allocation:m899 2:reservedFor:*m903 4:devices:*m904
AllocationResult 1:devices:m900 3:nodeSelector:m73 5:allocationTimestamp:m2
DeviceAllocationResult 1:results:*m901 2:config:*m902
DeviceRequestAllocationResult 1:request:s 2:driver:s 3:pool:s 4:device:s 5:adminAccess:b 6:tolerations:*m894 7:bindingConditions:*s 8:bindingFailureConditions:*s 9:shareID:s 10:consumedCapacity:%m23
DeviceAllocationConfiguration 1:source:s 2:requests:*s 3::m887
ResourceClaimConsumerReference 1:apiGroup:s? 3:resource:s 4:name:s 5:uid:s
AllocatedDeviceStatus 1:driver:s 2:pool:s 3:device:s 7:shareID:s 4:conditions:*m219 5:data:m296 6:networkData:m905
NetworkDeviceData 1:interfaceName:s? 2:ips:*s 3:hardwareAddress:s?
ResourceClaimTemplate 1:metadata:m1 2:spec:m907
ResourceClaimTemplateSpec 1:metadata:m1 2:spec:m890
ResourceSlice 1:metadata:m1 2:spec:m909
ResourceSliceSpec 1:driver:s 2:pool:m910 3:nodeName:s? 4:nodeSelector:m73 5:allNodes:b? 6:devices:*m911 7:perDeviceNodeSelection:b 8:sharedCounters:*m920
ResourcePool 1:name:s 2:generation:l 3:resourceSliceCount:l
Device 1:name:s 2:basic:m912
BasicDevice 1:attributes:%m913 2:capacity:%m914 3:consumesCounters:*m917 4:nodeName:s 5:nodeSelector:m73 6:allNodes:b 7:taints:*m919 8:bindsToNode:b 9:bindingConditions:*s 10:bindingFailureConditions:*s 11:allowMultipleAllocations:b
DeviceAttribute 2:int:l 3:bool:b 4:string:s 5:version:s
DeviceCapacity 1:value:m23 2:requestPolicy:m915
CapacityRequestPolicy 1:default:m23 3:validValues:*m23 4:validRange:m916
CapacityRequestPolicyRange 1:min:m23 2:max:m23 3:step:m23
DeviceCounterConsumption 1:counterSet:s 2:counters:%m918
Counter 1:value:m23
DeviceTaint 1:key:s 2:value:s? 3:effect:s 4:timeAdded:m2
CounterSet 1:name:s 2:counters:%m918
DeviceClass 1:metadata:m1 2:spec:m922
DeviceClassSpec 1:selectors:*m923 2:config:*m925 4:extendedResourceName:s
DeviceSelector 1:cel:m924
CELDeviceSelector 1:expression:s
DeviceClassConfiguration 1::m926
DeviceConfiguration 1:opaque:m927
OpaqueDeviceConfiguration 1:driver:s 2:parameters:m296
ResourceClaim 1:metadata:m1 2:spec:m929 3:status:m938
ResourceClaimSpec 1:devices:m930
DeviceClaim 1:requests:*m931 2:constraints:*m936 3:config:*m937
DeviceRequest 1:name:s 2:exactly:m932 3:firstAvailable:*m935
ExactDeviceRequest 1:deviceClassName:s 2:selectors:*m923 3:allocationMode:s? 4:count:l? 5:adminAccess:b 6:tolerations:*m933 7:capacity:m934
DeviceToleration 1:key:s? 2:operator:s? 3:value:s? 4:effect:s? 5:tolerationSeconds:l
CapacityRequirements 1:requests:%m23
DeviceSubRequest 1:name:s 2:deviceClassName:s 3:selectors:*m923 4:allocationMode:s? 5:count:l? 6:tolerations:*m933 7:capacity:m934
DeviceConstraint 1:requests:*s 2:matchAttribute:s 3:distinctAttribute:s
DeviceClaimConfiguration 1:requests:*s 2::m926
ResourceClaimStatus 1:allocation:m939 2:reservedFor:*m943 4:devices:*m944
AllocationResult 1:devices:m940 3:nodeSelector:m73 5:allocationTimestamp:m2
DeviceAllocationResult 1:results:*m941 2:config:*m942
DeviceRequestAllocationResult 1:request:s 2:driver:s 3:pool:s 4:device:s 5:adminAccess:b 6:tolerations:*m933 7:bindingConditions:*s 8:bindingFailureConditions:*s 9:shareID:s 10:consumedCapacity:%m23
DeviceAllocationConfiguration 1:source:s 2:requests:*s 3::m926
ResourceClaimConsumerReference 1:apiGroup:s? 3:resource:s 4:name:s 5:uid:s
AllocatedDeviceStatus 1:driver:s 2:pool:s 3:device:s 7:shareID:s 4:conditions:*m219 5:data:m296 6:networkData:m945
NetworkDeviceData 1:interfaceName:s? 2:ips:*s 3:hardwareAddress:s?
ResourceClaimTemplate 1:metadata:m1 2:spec:m947
ResourceClaimTemplateSpec 1:metadata:m1 2:spec:m929
ResourceSlice 1:metadata:m1 2:spec:m949
ResourceSliceSpec 1:driver:s 2:pool:m950 3:nodeName:s 4:nodeSelector:m73 5:allNodes:b 6:devices:*m951 7:perDeviceNodeSelection:b 8:sharedCounters:*m959
ResourcePool 1:name:s 2:generation:l 3:resourceSliceCount:l
Device 1:name:s 2:attributes:%m952 3:capacity:%m953 4:consumesCounters:*m956 5:nodeName:s 6:nodeSelector:m73 7:allNodes:b 8:taints:*m958 9:bindsToNode:b 10:bindingConditions:*s 11:bindingFailureConditions:*s 12:allowMultipleAllocations:b
DeviceAttribute 2:int:l 3:bool:b 4:string:s 5:version:s
DeviceCapacity 1:value:m23 2:requestPolicy:m954
CapacityRequestPolicy 1:default:m23 3:validValues:*m23 4:validRange:m955
CapacityRequestPolicyRange 1:min:m23 2:max:m23 3:step:m23
DeviceCounterConsumption 1:counterSet:s 2:counters:%m957
Counter 1:value:m23
DeviceTaint 1:key:s 2:value:s? 3:effect:s 4:timeAdded:m2
CounterSet 1:name:s 2:counters:%m957
PriorityClass 1:metadata:m1 2:value:i 3:globalDefault:b? 4:description:s? 5:preemptionPolicy:s
PriorityClass 1:metadata:m1 2:value:i 3:globalDefault:b? 4:description:s? 5:preemptionPolicy:s
Workload 1:metadata:m1 2:spec:m963
WorkloadSpec 1:controllerRef:m964 2:podGroups:*m965
TypedLocalObjectReference 1:apiGroup:s? 2:kind:s 3:name:s
PodGroup 1:name:s 3:policy:m966
PodGroupPolicy 2:basic:m967 3:gang:m968
BasicSchedulingPolicy
GangSchedulingPolicy 1:minCount:i
PriorityClass 1:metadata:m1 2:value:i 3:globalDefault:b? 4:description:s? 5:preemptionPolicy:s
CSIDriver 1:metadata:m1 2:spec:m971
CSIDriverSpec 1:attachRequired:b 2:podInfoOnMount:b 3:volumeLifecycleModes:*s 4:storageCapacity:b 5:fsGroupPolicy:s 6:tokenRequests:*m972 7:requiresRepublish:b 8:seLinuxMount:b 9:nodeAllocatableUpdatePeriodSeconds:l 10:serviceAccountTokenInSecrets:b
TokenRequest 1:audience:s 2:expirationSeconds:l
CSINode 1:metadata:m1 2:spec:m974
CSINodeSpec 1:drivers:*m975
CSINodeDriver 1:name:s 2:nodeID:s 3:topologyKeys:*s 4:allocatable:m976
VolumeNodeResources 1:count:i
CSIStorageCapacity 1:metadata:m1 2:nodeTopology:m79 3:storageClassName:s 4:capacity:m23 5:maximumVolumeSize:m23
StorageClass 1:metadata:m1 2:provisioner:s 3:parameters:%s 4:reclaimPolicy:s 5:mountOptions:*s 6:allowVolumeExpansion:b 7:volumeBindingMode:s 8:allowedTopologies:*m979
TopologySelectorTerm 1:matchLabelExpressions:*m980
TopologySelectorLabelRequirement 1:key:s 2:values:*s
VolumeAttachment 1:metadata:m1 2:spec:m982 3:status:m984
VolumeAttachmentSpec 1:attacher:s 2:source:m983 3:nodeName:s
VolumeAttachmentSource 1:persistentVolumeName:s 2:inlineVolumeSpec:m47
VolumeAttachmentStatus 1:attached:b 2:attachmentMetadata:%s 3:attachError:m985 4:detachError:m985
VolumeError 1:time:m2 2:message:s? 3:errorCode:i
VolumeAttributesClass 1:metadata:m1 2:driverName:s 3:parameters:%s
CSIStorageCapacity 1:metadata:m1 2:nodeTopology:m79 3:storageClassName:s 4:capacity:m23 5:maximumVolumeSize:m23
VolumeAttachment 1:metadata:m1 2:spec:m989 3:status:m991
VolumeAttachmentSpec 1:attacher:s 2:source:m990 3:nodeName:s
VolumeAttachmentSource 1:persistentVolumeName:s 2:inlineVolumeSpec:m47
VolumeAttachmentStatus 1:attached:b 2:attachmentMetadata:%s 3:attachError:m992 4:detachError:m992
VolumeError 1:time:m2 2:message:s? 3:errorCode:i
VolumeAttributesClass 1:metadata:m1 2:driverName:s 3:parameters:%s
CSIDriver 1:metadata:m1 2:spec:m995
CSIDriverSpec 1:attachRequired:b 2:podInfoOnMount:b 3:volumeLifecycleModes:*s 4:storageCapacity:b 5:fsGroupPolicy:s 6:tokenRequests:*m996 7:requiresRepublish:b 8:seLinuxMount:b 9:nodeAllocatableUpdatePeriodSeconds:l 10:serviceAccountTokenInSecrets:b
TokenRequest 1:audience:s 2:expirationSeconds:l
CSINode 1:metadata:m1 2:spec:m998
CSINodeSpec 1:drivers:*m999
CSINodeDriver 1:name:s 2:nodeID:s 3:topologyKeys:*s 4:allocatable:m1000
VolumeNodeResources 1:count:i
CSIStorageCapacity 1:metadata:m1 2:nodeTopology:m79 3:storageClassName:s 4:capacity:m23 5:maximumVolumeSize:m23
StorageClass 1:metadata:m1 2:provisioner:s 3:parameters:%s 4:reclaimPolicy:s 5:mountOptions:*s 6:allowVolumeExpansion:b 7:volumeBindingMode:s 8:allowedTopologies:*m979
VolumeAttachment 1:metadata:m1 2:spec:m1004 3:status:m1006
VolumeAttachmentSpec 1:attacher:s 2:source:m1005 3:nodeName:s
VolumeAttachmentSource 1:persistentVolumeName:s 2:inlineVolumeSpec:m47
VolumeAttachmentStatus 1:attached:b 2:attachmentMetadata:%s 3:attachError:m1007 4:detachError:m1007
VolumeError 1:time:m2 2:message:s? 3:errorCode:i
VolumeAttributesClass 1:metadata:m1 2:driverName:s 3:parameters:%s
StorageVersionMigration 1:metadata:m1 2:spec:m1010 3:status:m1012
StorageVersionMigrationSpec 1:resource:m1011
GroupResource 1:group:s 2:resource:s
StorageVersionMigrationStatus 1:conditions:*m219 2:resourceVersion:s?
`
