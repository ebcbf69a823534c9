//! What is asked for, and by whom.

codes! {
    /// A bucket does not log who reads it.
    ///
    /// The bucket that takes the logs needs none itself: each entry would cause the next.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       LoggingConfiguration: { DestinationBucketName: logs-of-the-account }
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Logging requests with server access logging".
    /// Covers: `CKV_AWS_18`, `S3_BUCKET_LOGGING_ENABLED`.
    ACCESS_LOGS = Info "without-access-logs";

    /// A bucket keeps no versions of what is overwritten or deleted.
    ///
    /// Where objects are written once and expire, versions only cost.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       VersioningConfiguration: { Status: Enabled }
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Retaining multiple versions of objects with S3 Versioning".
    /// Covers: `CKV_AWS_21`, `S3_BUCKET_VERSIONING_ENABLED`.
    VERSIONING = Info "without-versioning";

    /// A bucket is not copied to another.
    ///
    /// A copy in another region or account survives what happens to the first.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    ///   TargetArn: { Type: String }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       VersioningConfiguration: { Status: Enabled }
    ///       ReplicationConfiguration:
    ///         Role: !Ref RoleArn
    ///         Rules: [{ Status: Enabled, Prefix: "", Destination: { Bucket: !Ref TargetArn } }]
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Replicating objects within and across Regions".
    /// Covers: `S3_BUCKET_REPLICATION_ENABLED`.
    REPLICATION = Info "without-replication";

    /// A bucket lets objects be overwritten and deleted before a time is over.
    ///
    /// Some laws ask for records that nobody can change. The lock cannot be taken off again.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       ObjectLockEnabled: true
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Locking objects with Object Lock".
    /// Covers: `S3_BUCKET_DEFAULT_LOCK_ENABLED`.
    OBJECT_LOCK = Info "without-object-lock";

    /// A bucket does not say that it must never be public.
    ///
    /// New buckets are blocked even so. Saying it keeps the block when someone changes it by hand.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       PublicAccessBlockConfiguration:
    ///         BlockPublicAcls: true
    ///         BlockPublicPolicy: true
    ///         IgnorePublicAcls: true
    ///         RestrictPublicBuckets: true
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".
    /// Covers: `CKV_AWS_53`, `CKV_AWS_54`, `CKV_AWS_55`, `CKV_AWS_56`, `S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED`,
    /// `S3_BUCKET_PUBLIC_READ_PROHIBITED`, `S3_BUCKET_PUBLIC_WRITE_PROHIBITED`.
    BLOCK = Info "without-public-access-block";

    /// A bucket, a domain or a cluster takes calls without TLS.
    ///
    /// Clients use TLS unless they are told not to. The setting, or for a bucket a policy that denies the rest, makes
    /// it sure.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///   ArchivePolicy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Archive
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Deny
    ///             Principal: "*"
    ///             Action: s3:*
    ///             Resource: [!GetAtt Archive.Arn, !Sub "${Archive.Arn}/*"]
    ///             Condition: { Bool: { "aws:SecureTransport": "false" } }
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Security best practices for Amazon S3" (enforce encryption of data in transit).
    /// Covers: `CKV_AWS_6`, `CKV_AWS_83`, `CKV_AWS_105`, `ELASTICSEARCH_HTTPS_REQUIRED`,
    /// `ELASTICSEARCH_NODE_TO_NODE_ENCRYPTION_CHECK`, `OPENSEARCH_HTTPS_REQUIRED`,
    /// `OPENSEARCH_NODE_TO_NODE_ENCRYPTION_CHECK`, `S3_BUCKET_SSL_REQUESTS_ONLY`.
    HTTP = Info "without-enforced-tls";

    /// A resource stores data that it does not encrypt by itself.
    ///
    /// Encryption with the key of the service costs nothing but calls of that key.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties: { ShardCount: 1 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///     Properties:
    ///       ShardCount: 1
    ///       StreamEncryption: { EncryptionType: KMS, KeyId: alias/aws/kinesis }
    /// ```
    ///
    /// Source: the API references of the services.
    /// Covers: `CKV_AWS_5`, `CKV_AWS_16`, `CKV_AWS_43`, `CKV_AWS_44`, `CKV_AWS_64`, `CKV_AWS_74`, `CKV_AWS_94`,
    /// `CKV_AWS_96`, `CKV_AWS_99`, `ELASTICSEARCH_ENCRYPTED_AT_REST`,
    /// `KINESIS_FIREHOSE_DELIVERY_STREAM_ENCRYPTION_RULE`, `KINESIS_STREAM_ENCRYPTION_RULE`,
    /// `OPENSEARCH_ENCRYPTED_AT_REST`, `RDS_STORAGE_ENCRYPTED`, `REDSHIFT_CLUSTER_CONFIGURATION_CHECK`.
    ENCRYPTION = Info "without-encryption";

    /// A resource is encrypted with a key of AWS, not with one of the account.
    ///
    /// A key of the account has a policy, and its uses are logged. It costs by the month and by the call, and whoever
    /// sends or reads needs permission for it.
    ///
    /// ```yaml
    /// Resources:
    ///   Journal:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { RetentionInDays: 90 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   KeyArn: { Type: String }
    /// Resources:
    ///   Journal:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { RetentionInDays: 90, KmsKeyId: !Ref KeyArn }
    /// ```
    ///
    /// Source: AWS KMS Developer Guide, "AWS KMS keys" (customer managed keys).
    /// Covers: `CKV_AWS_26`, `CKV_AWS_27`, `CKV_AWS_149`, `CKV_AWS_158`, `CKV_AWS_173`,
    /// `CLOUDWATCH_LOG_GROUP_ENCRYPTED`, `S3_DEFAULT_ENCRYPTION_KMS`, `SECRETSMANAGER_USING_CMK`, `SNS_ENCRYPTED_KMS`,
    /// `SQS_QUEUE_KMS_MASTER_KEY_ID_RULE`.
    KEY = Info "without-customer-key";

    /// A key always keeps the same key material.
    ///
    /// With rotation there is new material every year; what was encrypted before can still be read.
    ///
    /// ```yaml
    /// Resources:
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       KeyPolicy:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" }
    ///             Action: kms:*
    ///             Resource: "*"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Key:
    ///     Type: AWS::KMS::Key
    ///     Properties:
    ///       EnableKeyRotation: true
    ///       KeyPolicy:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" }
    ///             Action: kms:*
    ///             Resource: "*"
    /// ```
    ///
    /// Source: AWS KMS Developer Guide, "Rotate AWS KMS keys".
    /// Covers: `CKV_AWS_7`, `CMK_BACKING_KEY_ROTATION_ENABLED`.
    KEY_ROTATION = Info "without-key-rotation";

    /// A secret is never changed.
    ///
    /// A rotation needs a function, or a service that rotates its own secrets.
    ///
    /// ```yaml
    /// Resources:
    ///   Login:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties: { GenerateSecretString: { PasswordLength: 32 } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   FunctionArn: { Type: String }
    /// Resources:
    ///   Login:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties: { GenerateSecretString: { PasswordLength: 32 } }
    ///   Rotation:
    ///     Type: AWS::SecretsManager::RotationSchedule
    ///     Properties:
    ///       SecretId: !Ref Login
    ///       RotationLambdaARN: !Ref FunctionArn
    ///       RotationRules: { AutomaticallyAfterDays: 30 }
    /// ```
    ///
    /// Source: AWS Secrets Manager User Guide, "Rotate AWS Secrets Manager secrets".
    /// Covers: `SECRETSMANAGER_ROTATION_ENABLED_CHECK`.
    SECRET_ROTATION = Info "without-secret-rotation";

    /// A log group keeps its events for ever.
    ///
    /// They cost, and what is in them may have to be deleted.
    ///
    /// ```yaml
    /// Resources:
    ///   Journal:
    ///     Type: AWS::Logs::LogGroup
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Journal:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { RetentionInDays: 90 }
    /// ```
    ///
    /// Source: CloudWatch Logs API Reference, "`PutRetentionPolicy`".
    /// Covers: `CKV_AWS_66`, `CW_LOGGROUP_RETENTION_PERIOD_CHECK`.
    RETENTION = Info "without-retention";

    /// An API, a domain or a cluster does not log who calls it.
    ///
    /// Without these logs nobody can say afterwards what was asked for, and by whom.
    ///
    /// ```yaml
    /// Parameters:
    ///   ApiId: { Type: String }
    /// Resources:
    ///   Live:
    ///     Type: AWS::ApiGatewayV2::Stage
    ///     Properties: { ApiId: !Ref ApiId, StageName: live }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   ApiId: { Type: String }
    /// Resources:
    ///   Journal:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties: { RetentionInDays: 90 }
    ///   Live:
    ///     Type: AWS::ApiGatewayV2::Stage
    ///     Properties:
    ///       ApiId: !Ref ApiId
    ///       StageName: live
    ///       AccessLogSettings: { DestinationArn: !GetAtt Journal.Arn, Format: $context.requestId }
    /// ```
    ///
    /// Source: the user guides of the services.
    /// Covers: `API_GW_EXECUTION_LOGGING_ENABLED`, `API_GW_STAGE_ACCESS_LOGGING_RULE`, `API_GWV2_ACCESS_LOGS_ENABLED`,
    /// `CKV_AWS_71`, `CKV_AWS_76`, `CKV_AWS_84`, `CKV_AWS_95`, `CKV_AWS_317`,
    /// `ELASTICSEARCH_APPLICATION_LOGGING_ENABLED`, `ELASTICSEARCH_AUDIT_LOGGING_ENABLED`,
    /// `ELASTICSEARCH_LOGS_TO_CLOUDWATCH`, `OPENSEARCH_APPLICATION_LOGGING_ENABLED`,
    /// `OPENSEARCH_AUDIT_LOGGING_ENABLED`.
    LOGS = Info "without-logs";

    /// A stage of an API does not trace its calls.
    ///
    /// X-Ray shows where the time of a call goes. It costs by the trace.
    ///
    /// ```yaml
    /// Parameters:
    ///   ApiId: { Type: String }
    /// Resources:
    ///   Live:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties: { RestApiId: !Ref ApiId, StageName: live, DeploymentId: abc123 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   ApiId: { Type: String }
    /// Resources:
    ///   Live:
    ///     Type: AWS::ApiGateway::Stage
    ///     Properties: { RestApiId: !Ref ApiId, StageName: live, DeploymentId: abc123, TracingEnabled: true }
    /// ```
    ///
    /// Source: Amazon API Gateway Developer Guide, "Trace user requests to REST APIs using X-Ray in API Gateway".
    /// Covers: `CKV_AWS_73`.
    TRACING = Info "without-tracing";

    /// A function, a domain or a cluster is in no network of the account, or its traffic is not.
    ///
    /// A function that reaches only services of AWS gains nothing from a network of its own. For data stores it keeps
    /// the internet out.
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    /// Resources:
    ///   Run:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       Runtime: python3.13
    ///       Handler: index.run
    ///       Code: { ZipFile: "def run(event, context): pass" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    ///   SubnetId: { Type: "AWS::EC2::Subnet::Id" }
    ///   GroupId: { Type: "AWS::EC2::SecurityGroup::Id" }
    /// Resources:
    ///   Run:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       Runtime: python3.13
    ///       Handler: index.run
    ///       Code: { ZipFile: "def run(event, context): pass" }
    ///       VpcConfig: { SubnetIds: [!Ref SubnetId], SecurityGroupIds: [!Ref GroupId] }
    /// ```
    ///
    /// Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC"; Amazon
    /// OpenSearch Service Developer Guide, "Launching your Amazon OpenSearch Service domains within a VPC".
    /// Covers: `CKV_AWS_117`, `CKV_AWS_154`, `ELASTICSEARCH_IN_VPC_ONLY`, `LAMBDA_INSIDE_VPC`,
    /// `OPENSEARCH_IN_VPC_ONLY`, `REDSHIFT_ENHANCED_VPC_ROUTING_ENABLED`.
    NETWORK = Info "without-vpc";

    /// A function keeps nothing of the events that it fails at.
    ///
    /// This is about events that services send without waiting for an answer. A function that is only called by others,
    /// or that reads a stream, has none.
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    /// Resources:
    ///   Run:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       Runtime: python3.13
    ///       Handler: index.run
    ///       Code: { ZipFile: "def run(event, context): pass" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    ///   QueueArn: { Type: String }
    /// Resources:
    ///   Run:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       Runtime: python3.13
    ///       Handler: index.run
    ///       Code: { ZipFile: "def run(event, context): pass" }
    ///       DeadLetterConfig: { TargetArn: !Ref QueueArn }
    /// ```
    ///
    /// Source: AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
    /// Covers: `CKV_AWS_116`, `LAMBDA_DLQ_CHECK`.
    DEAD_LETTERS = Info "without-dead-letters";

    /// A function can use up all concurrency of the account.
    ///
    /// What one function reserves is taken from what all others share.
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    /// Resources:
    ///   Run:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       Runtime: python3.13
    ///       Handler: index.run
    ///       Code: { ZipFile: "def run(event, context): pass" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    /// Resources:
    ///   Run:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       Runtime: python3.13
    ///       Handler: index.run
    ///       Code: { ZipFile: "def run(event, context): pass" }
    ///       ReservedConcurrentExecutions: 10
    /// ```
    ///
    /// Source: AWS Lambda Developer Guide, "Configuring reserved concurrency for a function".
    /// Covers: `CKV_AWS_115`, `LAMBDA_CONCURRENCY_CHECK`.
    CONCURRENCY = Info "without-reserved-concurrency";

    /// A crawler or a job of Glue has no security configuration.
    ///
    /// It says with which key logs, bookmarks and what a job writes are encrypted. Without it logs are encrypted with
    /// the key of CloudWatch Logs, and objects as their bucket says.
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    /// Resources:
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       DatabaseName: orders
    ///       Targets: { CatalogTargets: [{ DatabaseName: orders, Tables: [orders] }] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   RoleArn: { Type: String }
    /// Resources:
    ///   Crawler:
    ///     Type: AWS::Glue::Crawler
    ///     Properties:
    ///       Role: !Ref RoleArn
    ///       DatabaseName: orders
    ///       Targets: { CatalogTargets: [{ DatabaseName: orders, Tables: [orders] }] }
    ///       CrawlerSecurityConfiguration: encrypted
    /// ```
    ///
    /// Source: AWS Glue Developer Guide, "Working with security configurations on the AWS Glue console".
    /// Covers: `CKV_AWS_195`.
    SECURITY_CONFIGURATION = Info "without-security-configuration";

    /// A domain of OpenSearch decides only as a whole who may use it.
    ///
    /// Fine-grained access control decides for each index, document and field.
    ///
    /// ```yaml
    /// Resources:
    ///   Search:
    ///     Type: AWS::OpenSearchService::Domain
    ///     Properties:
    ///       EngineVersion: OpenSearch_2.19
    ///       EBSOptions: { EBSEnabled: true, VolumeSize: 20 }
    ///       ClusterConfig: { InstanceType: m7g.large.search, InstanceCount: 3 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   KeeperArn: { Type: String }
    /// Resources:
    ///   Search:
    ///     Type: AWS::OpenSearchService::Domain
    ///     Properties:
    ///       EngineVersion: OpenSearch_2.19
    ///       EBSOptions: { EBSEnabled: true, VolumeSize: 20 }
    ///       ClusterConfig: { InstanceType: m7g.large.search, InstanceCount: 3 }
    ///       EncryptionAtRestOptions: { Enabled: true }
    ///       NodeToNodeEncryptionOptions: { Enabled: true }
    ///       DomainEndpointOptions: { EnforceHTTPS: true }
    ///       AdvancedSecurityOptions:
    ///         Enabled: true
    ///         MasterUserOptions: { MasterUserARN: !Ref KeeperArn }
    /// ```
    ///
    /// Source: Amazon OpenSearch Service Developer Guide, "Fine-grained access control in Amazon OpenSearch Service".
    /// Covers: `OPENSEARCH_ACCESS_CONTROL_ENABLED`.
    FINE_GRAINED = Info "without-access-control";

    /// A domain of OpenSearch stands still when a node or a zone fails.
    ///
    /// Three data nodes in several zones, and three dedicated masters, survive the loss of one.
    ///
    /// ```yaml
    /// Resources:
    ///   Search:
    ///     Type: AWS::OpenSearchService::Domain
    ///     Properties:
    ///       EngineVersion: OpenSearch_2.19
    ///       EBSOptions: { EBSEnabled: true, VolumeSize: 20 }
    ///       ClusterConfig: { InstanceType: m7g.large.search, InstanceCount: 1 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Search:
    ///     Type: AWS::OpenSearchService::Domain
    ///     Properties:
    ///       EngineVersion: OpenSearch_2.19
    ///       EBSOptions: { EBSEnabled: true, VolumeSize: 20 }
    ///       ClusterConfig:
    ///         InstanceType: m7g.large.search
    ///         InstanceCount: 3
    ///         ZoneAwarenessEnabled: true
    ///         DedicatedMasterEnabled: true
    ///         DedicatedMasterType: m7g.large.search
    ///         DedicatedMasterCount: 3
    /// ```
    ///
    /// Source: Amazon OpenSearch Service Developer Guide, "Configuring a multi-AZ domain in Amazon OpenSearch Service".
    /// Covers: `ELASTICSEARCH_DATA_NODE_FAULT_TOLERANCE`, `ELASTICSEARCH_PRIMARY_NODE_FAULT_TOLERANCE`,
    /// `OPENSEARCH_DATA_NODE_FAULT_TOLERANCE`.
    NODES = Info "without-standby-nodes";
}
