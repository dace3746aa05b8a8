import { createFakeKubeClient } from './fake-kube-client.ts';
import { describeKubeClient } from './kube-client-behaviour.ts';

describeKubeClient('the fake', async () => createFakeKubeClient());
