// The pipelines of the benchmark with CDK's constructs: what the blueprint in bench.py says, as a stack each.
const cdk = require('aws-cdk-lib');
const events = require('aws-cdk-lib/aws-events');
const targets = require('aws-cdk-lib/aws-events-targets');
const firehose = require('aws-cdk-lib/aws-kinesisfirehose');
const s3 = require('aws-cdk-lib/aws-s3');

const [, , count, output] = process.argv;
const app = new cdk.App({ outdir: output });
for (let number = 0; number < Number(count); number++) {
  const stack = new cdk.Stack(app, `orders-${number}`);
  const archive = new s3.Bucket(stack, 'Archive', {
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    removalPolicy: cdk.RemovalPolicy.RETAIN,
  });
  const delivery = new firehose.DeliveryStream(stack, 'Delivery', {
    destination: new firehose.S3Bucket(archive, {
      dataOutputPrefix: 'day=!{timestamp:yyyy-MM-dd}/',
      errorOutputPrefix: 'errors/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/',
    }),
  });
  new events.Rule(stack, 'Orders', {
    eventPattern: { source: ['shop.orders'] },
    targets: [new targets.FirehoseDeliveryStream(delivery)],
  });
}
app.synth();
