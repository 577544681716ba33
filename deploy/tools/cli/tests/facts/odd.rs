//! What Amazon ECR may say beside what the samples show.

/// Each image is odd in its own way.
pub(crate) const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    scanType: ENHANCED
    repositories:
      - name: words
        imageTagMutability: MUTABLE_WITH_EXCLUSION
        imageTagMutabilityExclusionFilters: ["dev-*", {filter: "x.*", filterType: REGEX}]
        scanOnPush: true
        scanFrequency: EVERY_FULL_MOON
        signing: [{profile: "arn:aws:signer:us-east-1:123456789012:/signing-profiles/a", status: COMPLETE}]
        images:
          - {tags: [signing], signing: [{profile: a, status: FAILED, failureCode: X, failureReason: "it: failed"}, {status: NEW_WORD}, {}], scan: {status: COMPLETE, findings: []}}
          - {tags: [unsigned], signing: [], scan: {status: COMPLETE, findings: []}}
          - {tags: [status], scan: {status: WONDERFUL, description: "all: is # well", findings: []}}
          - {tags: [severity], scan: {status: COMPLETE, findings: [{name: "CVE-1: # '\"", severity: TERRIBLE, package: "a\tb"}]}}
          - {tags: [nothing], scan: {}}
          - {tags: [counts], scan: {status: COMPLETE, severityCounts: {CRITICAL: 3, HIGH: 1}, findings: [{name: CVE-1, severity: CRITICAL}]}}
          - {tags: [no-counts], scan: {status: COMPLETE, severityCounts: false, findings: [{name: CVE-1, severity: LOW}, {severity: HIGH}, {name: CVE-2}]}}
          - {tags: [no-findings], scan: {status: ACTIVE, completedAt: 1 day ago, severityCounts: {CRITICAL: 1}}}
          - tags: [many]
            scan:
              status: ACTIVE
              completedAt: 2026-11-20T08:00:00.123Z
              vulnerabilitySourceUpdatedAt: 2026-11-20T07:59:59.999Z
              findings:
                - {name: CVE-2026-1000, severity: HIGH, package: zlib, repeat: 250, firstObservedAt: 2 days ago}
                - {name: CVE-2026-2000, severity: CRITICAL, status: SUPPRESSED, fixAvailable: PARTIAL}
                - {name: CVE-2026-2001, severity: CRITICAL, status: CLOSED, fixAvailable: null}
                - {name: CVE-2026-2002, severity: CRITICAL, status: null, package: a, fixedIn: NotAvailable}
                - {name: CVE-2026-2003, severity: CRITICAL, packages: [{name: a}, {name: b, version: "1", fixedIn: "2"}, {version: "3"}]}
                - {name: CVE-2026-2004, severity: CRITICAL, packages: [{fixedIn: "2"}], fixAvailable: NO}
          - {tags: [basic], scan: {scanType: BASIC, status: COMPLETE, findings: [{name: CVE-3, severity: HIGH, package: a, version: "1"}]}}
      - name: unset
        scanFrequency: null
        images: [{tags: ["1"], scan: {status: COMPLETE, findings: []}}]
      - name: manifests
        imageTagMutability: IMMUTABLE
        scanFrequency: CONTINUOUS_SCAN
        images:
          - {tags: [docker], format: DOCKER, scan: {status: COMPLETE, findings: []}, config: {user: "0"}}
          - {tags: [no-scan]}
          - {tags: [text], manifest: "not: json\n\t# at \u0007 all \u2028 \u0085 \uFEFF \u00e9 \r\n "}
          - {tags: [empty], manifest: ""}
          - {tags: [lies], mediaType: null, manifestMediaType: text/plain, scan: {status: COMPLETE, findings: []}}
          - {tags: [silent], manifestMediaType: null}
          - {tags: [digest], digest: "sha256:00000000000000000000000000000000000000000000000000000000000000aa", scan: {status: COMPLETE, findings: []}}
          - {tags: [foreign], scan: {status: COMPLETE, findings: []}, layers: [{urls: ["https://example.com/1"]}, {mediaType: null, annotations: {a: b}}]}
          - {tags: [checkpoint], scan: {status: COMPLETE, findings: []}, manifestAnnotations: {org.criu.checkpoint.container.name: a}}
          - {tags: [bad-config], scan: {status: COMPLETE, findings: []}, configBlob: "not json \u0000\n"}
          - {tags: [sbom], artifactType: application/spdx+json, configMediaType: application/vnd.oci.empty.v1+json, configBlob: "{}", layers: [{mediaType: application/spdx+json}]}
          - tags: [index]
            indexScan: {status: COMPLETE, findings: [{name: CVE-1, severity: CRITICAL}]}
            platforms:
              - {os: linux, architecture: arm64, variant: v8, scan: {status: COMPLETE, findings: []}, config: {user: "1000"}}
              - {os: windows, osVersion: 10.0.20348.2, architecture: amd64, config: {exposedPorts: [22/tcp]}}
              - {os: unknown, architecture: unknown}
              - platforms:
                  - {os: linux, architecture: s390x, scan: {status: FAILED}}
                  - {platforms: [{os: linux, architecture: amd64}]}
              - {descriptors: [{os: linux, architecture: amd64, mediaType: text/plain}, {os: linux, architecture: arm, annotations: {}}]}
          - {tags: [dangling], manifest: '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:00000000000000000000000000000000000000000000000000000000000000bb","size":2,"platform":{"os":"linux","architecture":"amd64"}}]}'}
      - name: docker-hub/library/nginx
        imageTagMutability: MUTABLE
        scanFrequency: SCAN_ON_PUSH
        upstream: {imported: ["1.29"], others: UpstreamUnavailable}
        images:
          - {tags: ["1.29"], scan: {status: COMPLETE, findings: []}}
          - {tags: ["1.28"], scan: {status: COMPLETE, findings: []}}
          - {tags: ["1.27"]}
      - name: quay/library/nginx
        imageTagMutability: MUTABLE
        scanFrequency: SCAN_ON_PUSH
        upstream: {imported: ["1.29"], others: AccessDeniedException}
        images:
          - {tags: ["1.29"], scan: {status: COMPLETE, findings: []}}
          - {tags: ["1.28"], scan: {status: COMPLETE, findings: []}}
      - name: refused
        imageTagMutability: IMMUTABLE
        scanFrequency: SCAN_ON_PUSH
        errors:
          - {operation: DescribeImageScanFindings, of: inspector, code: AccessDeniedException, message: "User: arn:aws:sts::123456789012:assumed-role/ci/anna@example.com is not authorized to perform: inspector2:ListFindings"}
          - {operation: DescribeImageScanFindings, of: denied, code: AccessDeniedException, message: "not authorized to perform: ecr:DescribeImageScanFindings"}
          - {operation: DescribeImageScanFindings, of: refused, code: ValidationException}
          - {operation: DescribeImageSigningStatus, of: denied, code: AccessDeniedException, message: "not authorized to perform: ecr:DescribeImageSigningStatus"}
          - {operation: BatchGetImage, of: failed, code: ImageTagDoesNotMatchDigest}
          - {operation: BatchGetImage, of: upstream, code: UnableToGetUpstreamImageException}
        images:
          - {tags: [inspector, denied, refused, failed, upstream, good], scan: {status: COMPLETE, findings: []}}
          - tags: [child]
            platforms: [{os: linux, architecture: amd64, config: {user: "1"}}]
      - name: no-configs
        imageTagMutability: IMMUTABLE
        scanFrequency: SCAN_ON_PUSH
        errors:
          - {operation: GetDownloadUrlForLayer, of: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", code: AccessDeniedException}
        images: [{tags: ["1"], scan: {status: COMPLETE, findings: []}, configBlob: "{}"}]

  # Another account: only the repositories' old flag is known.
  - account: "210987654321"
    region: us-east-1
    repositories:
      - name: flag
        imageTagMutability: IMMUTABLE
        scanOnPush: true
        images:
          - {tags: ["1"], scan: {status: COMPLETE, findings: [{name: CVE-2026-1000, severity: HIGH, repeat: 250}]}}
          - {tags: ["2"], scan: {status: COMPLETE, severityCounts: false, findings: [{name: CVE-2026-1000, severity: HIGH, repeat: 1100}]}}
      - {name: no-flag, imageTagMutability: IMMUTABLE, images: [{tags: ["1"], scan: {status: COMPLETE, findings: []}}]}

  # A registry that this caller may not describe.
  - account: "210987654321"
    region: eu-west-1
    repositories:
      - name: closed
        errors: [{operation: DescribeRepositories, code: AccessDeniedException, message: "not authorized to perform: ecr:DescribeRepositories"}]
        images: [{tags: ["1"], scan: {status: COMPLETE, findings: []}}]
"#;
