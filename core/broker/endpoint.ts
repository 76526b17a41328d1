/** Where a cabinet speaks MQTT, and how it knows that it is us. */
export interface MqttEndpoint {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  readonly caPem: string
}
