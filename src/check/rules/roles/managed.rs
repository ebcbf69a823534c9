//! The policies of AWS that roles of this kind of architecture use most.
//!
//! A role with any other managed policy may do more than can be seen.

/// A statement of such a policy.
pub struct Statement {
    /// The actions.
    pub actions: &'static [&'static str],
    /// The resources.
    pub resources: &'static [&'static str],
}

const ALL: &[&str] = &["*"];

const fn on_all(actions: &'static [&'static str]) -> Statement {
    Statement { actions, resources: ALL }
}

const LOGS: Statement = on_all(&["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]);

/// The policies by what follows `policy/` in their ARN.
///
/// Source: AWS Managed Policy Reference Guide, the page of each policy.
const POLICIES: &[(&str, &[Statement])] = &[
    ("AdministratorAccess", &[on_all(&["*"])]),
    ("AmazonKinesisFirehoseFullAccess", &[on_all(&["firehose:*"])]),
    ("AmazonKinesisFullAccess", &[on_all(&["kinesis:*"])]),
    ("AmazonKinesisReadOnlyAccess", &[on_all(&["kinesis:Get*", "kinesis:List*", "kinesis:Describe*"])]),
    ("AmazonS3FullAccess", &[on_all(&["s3:*", "s3-object-lambda:*"])]),
    (
        "AmazonS3ReadOnlyAccess",
        &[on_all(&["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"])],
    ),
    ("AmazonSNSFullAccess", &[on_all(&["sns:*"])]),
    ("AmazonSQSFullAccess", &[on_all(&["sqs:*"])]),
    ("CloudWatchLogsFullAccess", &[on_all(&["logs:*", "cloudwatch:GenerateQuery"])]),
    ("service-role/AWSLambdaBasicExecutionRole", &[LOGS]),
    (
        "service-role/AWSLambdaDynamoDBExecutionRole",
        &[
            on_all(&[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ]),
            LOGS,
        ],
    ),
    (
        "service-role/AWSLambdaKinesisExecutionRole",
        &[
            on_all(&[
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
                "kinesis:ListStreams",
                "kinesis:SubscribeToShard",
            ]),
            LOGS,
        ],
    ),
    (
        "service-role/AWSLambdaSQSQueueExecutionRole",
        &[on_all(&["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]), LOGS],
    ),
    (
        "service-role/AWSGlueServiceRole",
        &[
            on_all(&[
                "glue:*",
                "s3:GetBucketLocation",
                "s3:ListBucket",
                "s3:ListAllMyBuckets",
                "s3:GetBucketAcl",
                "ec2:DescribeVpcEndpoints",
                "ec2:DescribeRouteTables",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcAttribute",
                "iam:ListRolePolicies",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "cloudwatch:PutMetricData",
            ]),
            Statement { actions: &["s3:CreateBucket"], resources: &["arn:aws:s3:::aws-glue-*"] },
            // Buckets and folders of certain names are left out here; who asks for them leaves them out, too.
            Statement {
                actions: &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                resources: &["arn:aws:logs:*:*:*:/aws-glue/*"],
            },
        ],
    ),
];

/// The statements of a policy of AWS, if they are known.
pub fn policy(name: &str) -> Option<&'static [Statement]> {
    POLICIES.iter().find(|(known, _)| *known == name).map(|(_, statements)| *statements)
}
