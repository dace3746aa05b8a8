import type { Member } from '@berth/placement/model';

/** Members of applications by application, from whatever speaks for them: a volume, or a pod that runs. */
export interface MemberIndex {
  ofApplication(application: string): Iterable<Member>;
  /** Sets what one source says; undefined when it says nothing (any more). */
  put(source: string, said: { readonly application: string; readonly member: Member } | undefined): void;
}

export const createMemberIndex = (): MemberIndex => {
  const bySource = new Map<string, string>();
  const byApplication = new Map<string, Map<string, Member>>();

  const remove = (source: string) => {
    const application = bySource.get(source);
    if (application === undefined) return;
    bySource.delete(source);
    const members = byApplication.get(application);
    members?.delete(source);
    if (members?.size === 0) byApplication.delete(application);
  };

  return {
    ofApplication: (application) => byApplication.get(application)?.values() ?? [],
    put: (source, said) => {
      remove(source);
      if (said === undefined) return;
      bySource.set(source, said.application);
      const members = byApplication.get(said.application) ?? new Map<string, Member>();
      byApplication.set(said.application, members.set(source, said.member));
    },
  };
};
