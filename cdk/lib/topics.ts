import type { Settings } from './settings';

/** Whether an alarm wakes a person, or can wait until working hours. */
export type Urgency = 'page' | 'ticket';

/** The ARN of the topic for alarms of this urgency, or the empty text. */
export function topicFor(urgency: Urgency, { alarmTopicArn, ticketTopicArn }: Settings): string {
  return urgency === 'ticket' && ticketTopicArn !== '' ? ticketTopicArn : alarmTopicArn;
}

/** Throws if tickets have a topic and pages have none: the worse alarms would notify nobody. */
export function checkTopics({ alarmTopicArn, ticketTopicArn }: Settings): void {
  if (ticketTopicArn === '' || alarmTopicArn !== '') return;
  const got = JSON.stringify(ticketTopicArn);
  throw new Error(`ticketTopicArn: expected nothing without alarmTopicArn, got ${got}`);
}
